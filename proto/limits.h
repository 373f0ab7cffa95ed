/* Every bound of the system in one place: sizes in bytes, times in milliseconds, counts without unit. */
#ifndef PROTO_LIMITS_H
#define PROTO_LIMITS_H

/* messages */
#define LIMIT_ID 48                        /* a unit, task, indicator, member, period */
#define LIMIT_NAME 192                     /* a name shown to people */
#define LIMIT_TEXT 6000                    /* one free text of a report, about 2,000 characters */
#define LIMIT_OUTAGES 64                   /* absences of ours in one year that moved deadlines */
#define LIMIT_OUTAGE_MS 86400000LL         /* lost time counts within so long before a deadline */
#define LIMIT_WHY 600                      /* the reason of a decision, about 200 characters */
#define LIMIT_MEASURE_ITEM 300             /* what a planned measure is, about 100 characters */
#define LIMIT_MEASURE_TEXT 1800            /* how it is to be done, and what came of it, about 600 characters each */
#define LIMIT_MEASURES 512                 /* planned measures of one unit, withdrawn ones included */
#define LIMIT_KEY_TEXT 96                  /* number of a receipt, a contract, a USCC */
#define LIMIT_FIGURES 64                   /* figures in one report */
#define LIMIT_ITEMS 512                    /* items below one figure */
#define LIMIT_CLAIMS 4096                  /* rows of one report whose keys count once */
#define LIMIT_DISPUTES 1024                /* keys told in one event; a report that changes more makes several */
#define LIMIT_CLAIMANTS 64                 /* claims of one key told in one answer; all of them are counted */
#define LIMIT_EVIDENCE 32                  /* evidence files of one report */
#define LIMIT_REASONS 64                   /* faults told at once */
#define LIMIT_ARGS 4                       /* values inside one fault's sentence */
#define LIMIT_RESTATED (2 * LIMIT_FIGURES) /* figures that one correction moves: those it states, those it states no more */
#define LIMIT_SOFT_RULES 32                /* soft rules whose strictness a plan states */
#define LIMIT_CHAIN 1024                   /* submissions of one (unit, task, period) that are looked through, newest first */
#define LIMIT_PROOF 32                     /* proof rows carried by one verdict of a target */
#define LIMIT_MISSING 64                   /* missing things named in one warning */
#define LIMIT_BUNDLE 20                    /* warnings to one recipient at one instant told one by one; more become a digest */
#define LIMIT_SILENCES 256                 /* silences in force at once */
#define LIMIT_SILENCE_DAYS 92              /* a silence is no longer than this */
#define LIMIT_PROMISE_DAYS 31              /* nobody promises for later than this */
#define LIMIT_ABOVE 16                     /* leads, coordinator, supervisor who hear of one late report */
#define LIMIT_ROWS 1024                    /* rows in one answer to a query; the rest is asked for with `after` */
#define LIMIT_EDGE_FRAME (256 * 1024)      /* one message from a unit */
#define LIMIT_EDGE_BATCH 512               /* messages in one frame from a unit */
#define LIMIT_PACKETS 512                  /* packets in one frame between services */
#define LIMIT_ENTRY (4 * 1024 * 1024)      /* one event; a plan is the largest */
#define LIMIT_BATCH (4 * 1024 * 1024)      /* one batch of events between two stages */
#define LIMIT_FETCH (1024 * 1024)          /* of it, unless more is asked for: both ends hold several, and read them warm */
#define LIMIT_FRAME (LIMIT_BATCH + LIMIT_ENTRY + 4096) /* with what a batch says of its events */
#define LIMIT_DEPTH 12                     /* nesting of msgpack */

#define LIMIT_CSV_FILE (16 * 1024 * 1024)  /* a file of many reports */
#define LIMIT_CSV_ROWS 65536
#define LIMIT_CSV_COLUMNS 256
#define LIMIT_BULK_FAULTS 256              /* faults told of one report of such a file, or of the file itself */
#define LIMIT_BULK_REPORTS 1024            /* reports of such a file: its rows are gathered by comparing */
#define LIMIT_SHEET_REPORTS 256            /* reports of a table that the console checks at once */
#define LIMIT_FORM_INDICATORS 256          /* indicators of a unit whose last values a table to fill in shows */
#define LIMIT_BULK_ATTEMPTS 32             /* the same content sent anew after it was refused */

/* a plan */
#define LIMIT_UNITS 4096
#define LIMIT_TASKS 256
#define LIMIT_INDICATORS 32                /* of one task */
#define LIMIT_MEMBERS 128                  /* of one indicator */
#define LIMIT_PERIODS 64
#define LIMIT_DAYS 512                     /* holidays, make-up workdays */
#define LIMIT_RUNGS 32
#define LIMIT_GROUPS 16
#define LIMIT_PLAN_FILE (16 * 1024 * 1024)
#define LIMIT_PLAN (24 * 1024 * 1024)      /* a plan in canonical bytes; what one entry does not hold comes in parts */
#define LIMIT_PLAN_PART (192 * 1024)       /* one part: it also has to fit into a command */
#define LIMIT_PLAN_PARTS (LIMIT_PLAN / LIMIT_PLAN_PART)
#define LIMIT_PEOPLE 16384                 /* persons counted under one indicator */
/* fen or units that one unit reports in all for one member: the totals of all of them still add up in 63 bits */
#define LIMIT_TOTAL (INT64_MAX / (LIMIT_UNITS * LIMIT_MEMBERS))

/* documents */
#define LIMIT_SCORE_RULES 32
#define LIMIT_EDITION_ROWS 262144          /* obligations in one document */
#define LIMIT_EDITION_TARGETS (LIMIT_TASKS * LIMIT_INDICATORS)
#define LIMIT_EDITION_SHARES 65536         /* shares of units in one target */
#define LIMIT_EDITION_MEASURES 16384       /* planned measures in one ledger 台账 */
#define LIMIT_EDITION_VOICES 512           /* units quoted in one document */
#define LIMIT_EDITION_CORRECTIONS 256      /* figures of the last issue that changed since */
#define LIMIT_VOICE 900                    /* bytes of one quotation, about 300 characters */
#define LIMIT_DOCUMENT (24 * 1024 * 1024)  /* an edition in canonical bytes; it enters the ledger in parts */
#define LIMIT_DOCUMENT_PART (192 * 1024)   /* one part: it also has to fit into a command */
#define LIMIT_DOCUMENT_PARTS (LIMIT_DOCUMENT / LIMIT_DOCUMENT_PART)
#define LIMIT_DOCUMENTS 1024               /* issues of one ledger */
#define LIMIT_OBJECTIONS 1024              /* to one document */
#define LIMIT_OBJECTIONS_OF_UNIT 8         /* of one unit to one document */
#define LIMIT_OBJECTION_HOURS 48           /* of working days, between announcing a document and publishing it */

/* stages */
#define LIMIT_STORE_KEY 500                /* LMDB takes 511 */
#define LIMIT_GATHER_MS 100                /* a derived stage gathers this long before it commits */
#define LIMIT_PARK_MS 1000                 /* a fetch waits this long for something new */
#define LIMIT_CHANGES 32768                /* pages a derived stage changes in one transaction, about */
#define LIMIT_CHANGES_HELD 4096            /* the same where a transaction holds them in memory of its own: no map to write into */
#define LIMIT_ROWS_AT_HAND (12 * 1024 * 1024) /* bytes of rows it keeps in memory beside its store */
#define LIMIT_SHEETS_AT_HAND (12 * 1024 * 1024) /* bytes of what stands that validation keeps as values */
#define LIMIT_DOSSIERS_AT_HAND (16 * 1024 * 1024) /* bytes of obligations that aggregation keeps at hand */
#define LIMIT_REVISIONS_BACK 1024          /* of one report, that are looked at when its deadline is another */
#define LIMIT_AGENDA_STEP 512              /* pieces of work one re-entry of an agenda does */
#define LIMIT_GROUP 4096                   /* entries in one commit of the ledger */
#define LIMIT_TICK_MS 60000                /* a real ledger ticks on the minute */
#define LIMIT_REHEARSAL_TICK_MS 3600000    /* a rehearsal ledger on the hour */
#define LIMIT_CLOCK_JUMP_MS 120000         /* the wall clock may run ahead of the steady clock by this much at once */
#define LIMIT_ADVANCE_MS (1096LL * 86400000) /* one advance_clock of a rehearsal ledger: three years */
#define LIMIT_COUNTERS 4096                /* refusals counted apart, (unit, code, door); the rest without unit */
#define LIMIT_READERS 64                   /* parked fetches of one stream */
#define LIMIT_QUERY_PARK_MS 5000           /* a query waits this long for `at_least` */
#define LIMIT_STORE_SIZE (64ULL << 30)     /* address space of one store */
#define LIMIT_CRASHES 3                    /* on one event, then a stage stands still before it */
#define LIMIT_HANG_MS 60000                /* a thread of a service that takes longer over one round has hung, and is ended */
#define LIMIT_STORE_WALK (256ULL << 20)     /* a store up to this size is read to the last page at each start */
#define LIMIT_STORE_RESERVE (64ULL << 20)  /* intake says BUSY when less is left on the disk */
#define LIMIT_STOP_MS 1500                 /* a service leaves within this after SIGTERM */

/* doors */
#define LIMIT_PENDING 131072               /* requests a door holds at once */
#define LIMIT_PENDING_MS 30000             /* then it tells the sender to ask again */
#define LIMIT_OFFICERS 256                /* who may sign commands */
#define LIMIT_KEYS 65536                   /* keys in the registry */
#define LIMIT_HANDSHAKE_MS 5000
#define LIMIT_HEARTBEAT_MS 5000
#define LIMIT_BACKLOG 1024
#define LIMIT_DESCRIPTORS 16384            /* a door asks for no more: a connection takes 45 KiB */
#define LIMIT_EDGE_LINK_BYTES (16ULL << 20) /* on the wire, waiting for one connection in either direction; then it is cut */
#define LIMIT_EDGE_ALL_BYTES (128ULL << 20) /* waiting for all of them: those with most go first */
#define LIMIT_EDGE_SILENT_MS 2000          /* a connection that said nothing for so long makes room for others when it must */
#define LIMIT_EDGE_MEMORY (3ULL << 29)     /* a door that needs more ends, and comes back */
#define LIMIT_BUSY_RETRY_MS 500
#define LIMIT_DOOR_BEAT_MS 15000           /* a door gives a sign of life this often */
#define LIMIT_OUTAGE_LEAST_MS 300000       /* a shorter absence is not given back */
#define LIMIT_DOOR_SILENT_MS 90000         /* silent for longer: it is away, and the ledger says so */

/* HTTP at the console */
#define LIMIT_HTTP_HEAD 16384              /* a request's head */
#define LIMIT_HTTP_FIELDS 64               /* fields in it */
#define LIMIT_HTTP_TARGET 2048
#define LIMIT_HTTP_BODY (512 * 1024)       /* a report in JSON is about twice its size on the wire */
#define LIMIT_HTTP_SLOWEST 16               /* bytes a ms, 16 KiB a second: a file takes so long and no longer */
#define LIMIT_HTTP_FILE_ANSWER_MS 45000    /* the vault has so long for one piece: its disk may be busy */
#define LIMIT_HTTP_UPLOADS 32              /* files on their way in at once */
#define LIMIT_HTTP_CONNECTIONS 2048
#define LIMIT_HTTP_OF_ADDRESS 256          /* of one address, unless a proxy stands in front */
#define LIMIT_HTTP_HEAD_MS 10000           /* from the connection to the whole head */
#define LIMIT_HTTP_REQUEST_MS 60000        /* from the connection to the end of the answer, however slow the peer is */
#define LIMIT_HTTP_ANSWER_MS 12000         /* the services behind have so long */
#define LIMIT_HTTP_LOGIN_MS 40000          /* a password takes its time, and others may stand before it */
#define LIMIT_HTTP_LIVE 512                /* pages that listen for news */
#define LIMIT_HTTP_LIVE_MS (30LL * 60000)  /* then a page asks anew */
#define LIMIT_LOGIN_TRIES 20               /* attempts to log in of one address in a minute */

/* the console's logins; by the wall clock */
#define LIMIT_SESSION_MS (12LL * 3600000)  /* a working day */
#define LIMIT_CODE_SESSION_MS (30LL * 60000) /* to set a password in */
#define LIMIT_SESSIONS 65536               /* sessions and tokens in all */
#define LIMIT_LOGIN_SESSIONS 16            /* of one login: the one that ends first makes room */
#define LIMIT_LOGIN_FAILURES 5             /* then a login is locked, each time twice as long */
#define LIMIT_LOGIN_LOCK_MS (30LL * 1000)
#define LIMIT_LOGIN_LOCK_MOST_MS (15LL * 60000)
#define LIMIT_SECRET_CHARACTERS 12         /* a password has at least so many */
/* evidence files in the vault */
#define LIMIT_EVIDENCE_FILE (64ULL << 20)    /* one file; evidence/file_mib in the settings may be less */
#define LIMIT_EVIDENCE_REPORT (256ULL << 20) /* all files of one report; evidence/report_mib */
#define LIMIT_EVIDENCE_UNIT (8ULL << 30)     /* all files of one unit; evidence/unit_mib */
#define LIMIT_EVIDENCE_FILES 4096            /* files of one unit */
#define LIMIT_EVIDENCE_PIECE (128 * 1024)    /* one piece on its way; all but the last are as large */
#define LIMIT_EVIDENCE_BLOCK (64 * 1024)     /* one sealed block on the disk; a piece is whole blocks */
#define LIMIT_EVIDENCE_FLUSH (8 << 20)       /* synced after so much, so that the last piece does not wait for all of it */
#define LIMIT_EVIDENCE_UPLOADS 64            /* files on their way at once */
#define LIMIT_EVIDENCE_OF_UNIT 4             /* of one unit */
#define LIMIT_EVIDENCE_IDLE_MS 300000        /* an upload of which nothing came for so long makes room; it begins anew */
#define LIMIT_EVIDENCE_SCAN_MS 60000         /* a scanner may take so long over one file; evidence/scan_seconds */
#define LIMIT_EVIDENCE_SCANS 2               /* scanners at work at once */
#define LIMIT_EVIDENCE_RESCAN_MS 600000      /* files that no scanner has seen are offered to it this often */
#define LIMIT_EVIDENCE_ORPHAN_DAYS 60        /* a file that no report names is collected then; evidence/orphan_days */
#define LIMIT_EVIDENCE_ENTRIES 4096          /* files inside of one document */
#define LIMIT_EVIDENCE_DIRECTORY (1024 * 1024) /* bytes that list them */
#define LIMIT_EVIDENCE_UNPACKED (1ULL << 30) /* what a document says it unpacks to */
#define LIMIT_EVIDENCE_ROWS 512              /* files told in one answer */

/* drafts, in the vault */
#define LIMIT_DRAFT (192 * 1024)           /* a report as it was typed, in JSON */
#define LIMIT_DRAFTS 512                   /* of one unit */
/* the outside */
#define LIMIT_URL 512
#define LIMIT_CONTACTS 16384
#define LIMIT_ROUTES 64
#define LIMIT_NOTICE_PARTS 64              /* warnings in one message */
#define LIMIT_NOTICE_ATTEMPTS 8            /* tries of one message, then it is a dead letter */
#define LIMIT_NOTICE_RESULTS 64            /* results of one warning that a query shows */
#define LIMIT_NOTICE_JOBS 65536            /* messages that wait to be sent */
#define LIMIT_NOTICE_FLYING 8              /* messages on their way at once */
#define LIMIT_NOTICE_ANSWER 65536          /* bytes read of what the other side says */
#define LIMIT_NOTICE_JOURNAL (1ULL << 30)  /* bytes of the notifier's journal */
#define LIMIT_NOTICE_AGE_MS (72LL * 3600000) /* older warnings are recorded, not sent */

/* Redis */
#define LIMIT_REDIS_TIMEOUT_MS 1000
#define LIMIT_REDIS_RETRY_MS 2000          /* longest pause between two attempts */
#define LIMIT_REDIS_STREAM 1000000         /* entries the stream keeps */
#define LIMIT_TOLD_KEPT 4000000            /* warnings remembered beside it as told, 24 bytes each */

#endif
