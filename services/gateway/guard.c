/* Reads the kernel's counters of our connections and cuts off those beyond a bound. Linux only, as the whole system is. */
#include "services/gateway/guard.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <malloc.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "services/stage/log.h"

enum {
    GUARD_STEP_MS = 250,
    TRIM_AFTER_MS = 2000,
    SLACK = 4096,         /* descriptors looked at above the highest connection: the kernel gives the lowest that is free */
    ASKED = 64,           /* descriptors in one question which of them are open */
    OWN_DESCRIPTORS = 64, /* our own, and those of services that ask us */
    STATE_ESTABLISHED = 1,
    STATE_CLOSE_WAIT = 8,
};

/* A connection, by its descriptor. Descriptors are used again: the kernel's cookie and the peer's routing id tell. */
typedef struct {
    uint64_t cookie;                    /* 0: none as of the last look */
    uint64_t peer_hash;                 /* whose the counters are */
    uint64_t received, received_before; /* on the wire, delivered to us; as of the last look */
    uint64_t sent, sent_before;
    uint64_t waiting_in, waiting_out;
    int64_t since_ms;
    bool spoke;
    char unit[LIMIT_ID + 1];
} edge_link_t;

struct guard {
    guard_bounds_t bounds;
    edge_link_t *links; /* by descriptor */
    uint32_t top;       /* no connection lies at or above it, as of the last look */
    int64_t next_ms;
    int64_t trim_ms; /* when to give memory back; 0: nothing to give, INT64_MAX: as soon as it is quiet */
    guard_state_t state;
};

guard_t *guard_new(const guard_bounds_t *bounds) {
    guard_t *self = calloc(1, sizeof *self);
    ASSERT(self != NULL);
    self->bounds = *bounds;
    self->links = calloc(LIMIT_DESCRIPTORS, sizeof *self->links); /* touched only where there are connections */
    ASSERT(self->links != NULL);
    return self;
}

void guard_destroy(guard_t **self) {
    if (*self == NULL) return;
    free((*self)->links);
    free(*self);
    *self = NULL;
}

guard_state_t guard_state(const guard_t *self) { return self->state; }

/* CurveZMQ, RFC 26: "\x07MESSAGE", a nonce of 8, a MAC of 16, a flag; around it ZMTP's head of 2 or 9. */
uint64_t guard_wire_size(uint64_t size) {
    uint64_t boxed = size + 8 + 8 + 16 + 1;
    return boxed + (boxed <= UINT8_MAX ? 2 : 9);
}

static uint64_t hash_of_peer(const gateway_peer_t *peer) {
    uint64_t hash = 14695981039346656037ULL; /* FNV-1a */
    for (uint32_t index = 0; index < peer->size; index++) hash = (hash ^ peer->bytes[index]) * 1099511628211ULL;
    return hash;
}

static edge_link_t *link_of(guard_t *self, const gateway_peer_t *peer) {
    bool known = peer->descriptor > 0 && peer->descriptor < LIMIT_DESCRIPTORS;
    return known ? &self->links[peer->descriptor] : NULL;
}

void guard_received(guard_t *self, const gateway_peer_t *peer, uint64_t bytes, const char *user_id) {
    edge_link_t *link = link_of(self, peer);
    if (link == NULL) return;
    uint64_t hash = hash_of_peer(peer);
    if (link->peer_hash != hash) *link = (edge_link_t){.peer_hash = hash, .since_ms = link->since_ms};
    link->received += bytes;
    link->spoke = true;
    size_t size = user_id == NULL ? 0 : strcspn(user_id, "#");
    if (size > 0 && size <= LIMIT_ID && link->unit[0] == '\0') memcpy(link->unit, user_id, size);
}

void guard_sent(guard_t *self, const gateway_peer_t *peer, uint64_t bytes) {
    edge_link_t *link = link_of(self, peer);
    if (link != NULL && link->peer_hash == hash_of_peer(peer)) link->sent += bytes;
}

static uint64_t beyond(uint64_t all, uint64_t done) { return all > done ? all - done : 0; }

/* Another connection than at the last look: what was counted before the last look was not of this one. */
static void link_is_new(edge_link_t *link, uint64_t cookie, int64_t now_ms) {
    bool used_again = link->cookie != 0;
    link->cookie = cookie;
    link->since_ms = now_ms;
    if (!used_again) return;
    link->received -= link->received_before;
    link->sent -= link->sent_before;
    link->spoke = link->received > 0;
    if (!link->spoke) link->unit[0] = '\0';
}

/* false: no connection of the network is on this descriptor. */
static bool link_look(edge_link_t *link, int descriptor, int64_t now_ms) {
    struct tcp_info info;
    socklen_t size = sizeof info;
    uint64_t cookie = 0;
    socklen_t cookie_size = sizeof cookie;
    int unread = 0;
    bool open = getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
                (info.tcpi_state == STATE_ESTABLISHED || info.tcpi_state == STATE_CLOSE_WAIT) &&
                getsockopt(descriptor, SOL_SOCKET, SO_COOKIE, &cookie, &cookie_size) == 0 &&
                ioctl(descriptor, SIOCINQ, &unread) == 0;
    if (!open) return false;
    if (link->cookie != cookie) link_is_new(link, cookie, now_ms);
    link->received_before = link->received;
    link->sent_before = link->sent;
    link->waiting_in = beyond(info.tcpi_bytes_received, link->received + (uint64_t)unread);
    link->waiting_out = beyond(link->sent, info.tcpi_bytes_acked);
    return true;
}

/* Which of ASKED descriptors from `first` on are open, a bit each: most are not, and a system call for each of those is dear. */
static uint64_t open_descriptors(uint32_t first) {
    struct pollfd asked[ASKED];
    for (uint32_t index = 0; index < ASKED; index++) asked[index] = (struct pollfd){.fd = (int)(first + index)};
    if (poll(asked, ASKED, 0) < 0) return UINT64_MAX; /* not known: each is asked itself */
    uint64_t open = 0;
    for (uint32_t index = 0; index < ASKED; index++)
        if ((asked[index].revents & POLLNVAL) == 0) open |= (uint64_t)1 << index;
    return open;
}

static void look(guard_t *self, int64_t now_ms) {
    uint32_t end = self->top + SLACK < LIMIT_DESCRIPTORS ? self->top + SLACK : LIMIT_DESCRIPTORS;
    guard_state_t state = {.cut = self->state.cut};
    uint64_t open = 0;
    self->top = 0;
    for (uint32_t descriptor = 0; descriptor < end; descriptor++) {
        edge_link_t *link = &self->links[descriptor];
        if (descriptor % ASKED == 0) open = open_descriptors(descriptor);
        if ((open & (uint64_t)1 << descriptor % ASKED) == 0 || !link_look(link, (int)descriptor, now_ms)) {
            if (link->cookie != 0) *link = (edge_link_t){0};
            continue;
        }
        self->top = descriptor + 1;
        state.links++;
        state.waiting_in += link->waiting_in;
        state.waiting_out += link->waiting_out;
    }
    self->state = state;
}

/* Its socket is libzmq's: shut down, it is closed there and everything that waits for it is freed. Should the descriptor have
 * changed hands a moment ago, somebody else reconnects. */
static void cut(guard_t *self, uint32_t descriptor, const char *why) {
    edge_link_t *link = &self->links[descriptor];
    struct linger reset = {.l_onoff = 1}; /* when libzmq closes it the other side hears of it at once, window or not */
    setsockopt((int)descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    shutdown((int)descriptor, SHUT_RDWR);
    if (self->state.cut++ % 64 == 0 || link->unit[0] != '\0')
        log_warn("link_cut", "why=%s unit=%s waiting_in=%llu waiting_out=%llu links=%u", why,
                 link->unit[0] == '\0' ? "-" : link->unit, (unsigned long long)link->waiting_in,
                 (unsigned long long)link->waiting_out, (unsigned)self->state.links);
    self->state.links--;
    self->state.waiting_in -= link->waiting_in;
    self->state.waiting_out -= link->waiting_out;
    *link = (edge_link_t){0};
    self->trim_ms = INT64_MAX;
}

static void cut_greedy(guard_t *self) {
    for (uint32_t at = 0; at < self->top; at++) {
        const edge_link_t *link = &self->links[at];
        if (link->cookie == 0) continue;
        if (link->waiting_in > self->bounds.link_bytes)
            cut(self, at, "unfinished");
        else if (link->waiting_out > self->bounds.link_bytes)
            cut(self, at, "unread");
    }
    while (self->state.waiting_in + self->state.waiting_out > self->bounds.all_bytes) {
        uint32_t worst = 0;
        uint64_t most = 0;
        for (uint32_t at = 0; at < self->top; at++) {
            const edge_link_t *link = &self->links[at];
            uint64_t waiting = link->cookie == 0 ? 0 : link->waiting_in + link->waiting_out;
            if (waiting > most) worst = at, most = waiting;
        }
        if (most == 0) return;
        cut(self, worst, "together");
    }
}

/* How many connections the owner of `at` has. */
static uint32_t links_of(const guard_t *self, uint32_t at) {
    uint32_t count = 0;
    for (uint32_t other = 0; other < self->top; other++)
        count += self->links[other].cookie != 0 && strcmp(self->links[other].unit, self->links[at].unit) == 0;
    return count;
}

/* The unit with most connections, by a vote among those who spoke: a unit without a majority has not taken the house. */
static uint32_t crowd_find(const guard_t *self) {
    uint32_t candidate = UINT32_MAX, votes = 0;
    for (uint32_t at = 0; at < self->top; at++) {
        if (self->links[at].cookie == 0) continue;
        if (votes == 0) candidate = at;
        votes = strcmp(self->links[at].unit, self->links[candidate].unit) == 0 ? votes + 1 : votes - 1;
    }
    return candidate != UINT32_MAX && links_of(self, candidate) > self->state.links / 2 ? candidate : UINT32_MAX;
}

/* Asked each time: it can be changed from outside. */
static uint32_t links_most(void) {
    struct rlimit limit = {.rlim_cur = 1024};
    getrlimit(RLIMIT_NOFILE, &limit);
    uint64_t most = limit.rlim_cur < LIMIT_DESCRIPTORS ? limit.rlim_cur : LIMIT_DESCRIPTORS;
    uint64_t spare = most / 8 > OWN_DESCRIPTORS ? most / 8 : OWN_DESCRIPTORS;
    return most > 2 * spare ? (uint32_t)(most - spare) : (uint32_t)(most / 2);
}

/* So many that there is soon no room for others: down to three quarters. Who said nothing goes first. */
static void cut_crowd(guard_t *self, int64_t now_ms) {
    uint32_t most = links_most(), wanted = most - most / 4;
    if (self->state.links <= most) return;
    for (uint32_t at = 0; at < self->top && self->state.links > wanted; at++) {
        const edge_link_t *link = &self->links[at];
        if (link->cookie != 0 && !link->spoke && now_ms - link->since_ms >= self->bounds.silent_ms) cut(self, at, "silent");
    }
    uint32_t crowd = self->state.links > most ? crowd_find(self) : UINT32_MAX;
    if (crowd == UINT32_MAX) return;
    char unit[LIMIT_ID + 1];
    memcpy(unit, self->links[crowd].unit, sizeof unit);
    for (uint32_t at = 0; at < self->top && self->state.links > wanted; at++)
        if (self->links[at].cookie != 0 && strcmp(self->links[at].unit, unit) == 0) cut(self, at, "crowd");
}

/* What was freed after a cut lies about in libzmq's corner of the heap: it goes back to the machine once nothing was cut for
 * long. */
static void memory_return(guard_t *self, int64_t now_ms) {
    if (self->trim_ms == INT64_MAX) self->trim_ms = now_ms + TRIM_AFTER_MS;
    if (self->trim_ms == 0 || now_ms < self->trim_ms) return;
    self->trim_ms = 0;
    malloc_trim(0);
}

void guard_step(guard_t *self, int64_t steady_ms) {
    if (steady_ms < self->next_ms) return;
    self->next_ms = steady_ms + GUARD_STEP_MS;
    look(self, steady_ms);
    cut_greedy(self);
    cut_crowd(self, steady_ms);
    memory_return(self, steady_ms);
}
