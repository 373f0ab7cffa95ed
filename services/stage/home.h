/* The home folder of one ledger. Every process changes into it first; all paths below are relative, so that socket paths
 * stay short. Layout:
 *   minning.conf                  ZPL: which plan, endpoints (created by `minning init`)
 *   keys/operator.pub|.key        Ed25519 of the operator, hex, .key mode 0600
 *   keys/gateway.pub|.key         CURVE of the gateway, Z85 (40 characters)
 *   keys/signer.key               Ed25519 that signs chain heads, hex (read by intake)
 *   keys/vault.key                32 bytes hex, keyed hashes of the vault
 *   officers/<officer>.pub|.key   Ed25519 of officers whose keys were made here, hex, .key mode 0600
 *   data/<service>/data.mdb       stores
 *   run/<service>.stream          ipc: the stream a service writes (fetch → batch)
 *   run/<service>.desk            ipc: queries (X_ask → X)
 *   run/door-gateway/intake       ipc: append_ask, refusals_note, registry_ask
 *   run/door-operator/intake      ipc: command
 *   run/door-console/intake       ipc: attested_append, refusals_note
 *   run/door-console/vault.desk   ipc: login_try, secret_change
 *   run/door-console/session.desk ipc: session_ask, session_end
 *   run/door-operator/vault.desk  ipc: login_keep, token_keep, login_drop
 *   run/door-gateway/evidence.desk  ipc: evidence_offer, evidence_piece, evidence_fetch of the unit that the gateway names
 *   run/door-console/evidence.desk  ipc: the same, and evidence_fetch of anybody's
 *   run/door-operator/evidence.desk ipc: evidence_fetch, evidence_erase, evidence_list_ask, evidence_check_ask
 *   data/evidence/files/<sha256>  sealed files; quarantine/: infected ones; coming/: on their way, gone at the next start
 *   run/door-notifier/intake      ipc: notice_sent, notice_failed
 *   run/vault                     ipc: vault_keep
 *   run/door-operator/vault       ipc: contact, route, directory_erase, directory_ask
 *   run/door-notifier/vault       ipc: directory_ask, with the secrets
 *   run/door-operator/notifier    ipc: route_test
 *   outbox/                       maildir: what a rehearsal would have sent
 *   run/redis.sock                the private Redis
 *   log/<service>.log */
#ifndef STAGE_HOME_H
#define STAGE_HOME_H

#include "proto/base.h"

#define HOME_CONF "minning.conf"
#define HOME_ENTRIES "ipc://run/intake.stream"
#define HOME_VERDICTS "ipc://run/validation.stream"
#define HOME_TALLIES "ipc://run/aggregation.stream"
#define HOME_WARNINGS "ipc://run/alerting.stream"
#define HOME_DESK_FORMAT "ipc://run/%s.desk"      /* service name */
#define HOME_ENTRIES_DESK "ipc://run/intake.desk"
#define HOME_DOOR_GATEWAY "ipc://run/door-gateway/intake"
#define HOME_DOOR_OPERATOR "ipc://run/door-operator/intake"
#define HOME_DOOR_CONSOLE "ipc://run/door-console/intake"
#define HOME_VAULT "ipc://run/vault"
#define HOME_DOOR_NOTIFIER "ipc://run/door-notifier/intake"
/* Two desks that do the same, a thread each: a password takes its time, and on some evenings everybody comes at once. */
#define HOME_LOGIN_DESKS "door-console/vault", "door-console/vault-2"
#define HOME_LOGINS "ipc://run/door-console/vault.desk", "ipc://run/door-console/vault-2.desk"
#define HOME_VAULT_OPERATOR "ipc://run/door-operator/vault"
#define HOME_VAULT_CONSOLE "ipc://run/door-console/vault"
#define HOME_VAULT_NOTIFIER "ipc://run/door-notifier/vault"
#define HOME_EVIDENCE_GATEWAY "ipc://run/door-gateway/evidence.desk"
#define HOME_EVIDENCE_CONSOLE "ipc://run/door-console/evidence.desk"
#define HOME_EVIDENCE_OPERATOR "ipc://run/door-operator/evidence.desk"
#define HOME_NOTIFIER_OPERATOR "ipc://run/door-operator/notifier"
#define HOME_REDIS "run/redis.sock"

/* chdir into `path`, check that it was made by init. ERR_MISSING if not. */
err_t home_enter(const char *path);
/* mkdir -p of the layout above (modes 0700). */
err_t home_make(const char *path);
/* mkdir -p of one folder, mode 0700. */
err_t home_make_folder(const char *path);
/* A setting of minning.conf, e.g. "gateway/endpoint"; `fallback` if it is not there. Valid until the process ends. */
const char *home_setting(const char *path, const char *fallback);
/* All of `bytes`, from `offset` of an open file on. ERR_FULL: the disk, or the quota, has no room. */
err_t home_write_at(int fd, bytes_t bytes, uint64_t offset);
/* *size bytes from `offset` on; *size is less only where the file ends before. false: it cannot be read. */
bool home_read_at(int fd, uint8_t *into, uint32_t *size, uint64_t offset);
/* Writes a small file durably (temporary, fsync, rename), with `mode`. */
err_t home_write(const char *path, text_t content, unsigned mode);
/* A new name is durable only when the folder that holds it is. */
err_t home_sync_folder(const char *folder);
err_t home_sync_name(const char *path); /* the folder that holds `path` */
/* Reads a small file (at most `limit` bytes) into `arena`. */
err_t home_read(const char *path, arena_t *arena, uint32_t limit, text_t *content);
/* A key or an id as a line of hex digits, `size` bytes of it. ERR_BAD: something else is in that file. */
err_t home_read_key(const char *path, uint8_t *out, size_t size);

#endif
