/* Quotes one bid and one offer a little outside the touch, and follows it. Freestanding: no library is linked. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

typedef struct { u64 px, sz; } Level;
typedef struct { Level bids[20], asks[20]; u8 bid_ct, ask_ct; unsigned short symbol_id; u32 pad; u64 recv_ns; } Book;
typedef struct { u64 id, px; i64 qty, filled; signed char side; u8 status, pad[6]; } Open;
typedef struct {
    i64 position; u64 entry; i64 realized, unrealized; Open orders[32]; u8 count, pad[7];
    i64 session; u64 fills, tick, lot, min_qty, min_notional;
} State;
typedef struct { u64 id, px; i64 qty; signed char side; u8 kind, type, venue, pad[4]; } Action;
typedef struct { u32 count, pad; Action rows[16]; } Actions;

extern void host_log_impl(u32 level, const char *text, u32 length) __attribute__((import_module("env"), import_name("host_log_impl")));

static u8 heap[4096] __attribute__((aligned(8)));
static u32 used;
static Actions out;
static u64 next_id = 1;

__attribute__((export_name("algo_alloc"))) void *algo_alloc(u32 size) {
    void *at = heap + used;
    used += (size + 7) & ~7u;
    return used <= sizeof heap ? at : 0;
}

static void want(u64 id, u64 px, i64 qty, signed char side, u8 kind, u8 type) {
    Action *row = &out.rows[out.count++];
    row->id = id; row->px = px; row->qty = qty; row->side = side; row->kind = kind; row->type = type; row->venue = 0;
}

__attribute__((export_name("algo_on_book"))) Actions *algo_on_book(const Book *book, const State *state) {
    out.count = 0;
    if (!book->bid_ct || !book->ask_ct) return &out;
    u64 tick = state->tick ? state->tick : 10000000;
    u64 bid = book->bids[0].px - tick, ask = book->asks[0].px + tick;
    int has_bid = 0, has_ask = 0;
    for (u32 i = 0; i < state->count; i++) {
        const Open *order = &state->orders[i];
        u64 wanted = order->side > 0 ? bid : ask;
        u64 off = order->px > wanted ? order->px - wanted : wanted - order->px;
        if (off > 5 * tick) { want(order->id, 0, 0, 0, 1, 0); continue; }
        if (order->side > 0) has_bid = 1; else has_ask = 1;
    }
    i64 size = state->lot > 10000000 ? (i64)state->lot : 10000000;
    if (!has_bid && state->position < 5 * size) want(next_id++, bid, size, 1, 0, 4);
    if (!has_ask && state->position > -5 * size && state->position >= size) want(next_id++, ask, size, -1, 0, 4);
    return &out;
}

__attribute__((export_name("algo_on_fill"))) void algo_on_fill(const void *fill, const State *state) {
    (void)fill; (void)state;
    host_log_impl(2, "filled", 6);
}

__attribute__((export_name("algo_on_reject"))) void algo_on_reject(const void *reject) {
    (void)reject;
    host_log_impl(3, "rejected", 8);
}

__attribute__((export_name("algo_on_shutdown"))) Actions *algo_on_shutdown(const State *state) {
    out.count = 0;
    for (u32 i = 0; i < state->count && i < 16; i++) want(state->orders[i].id, 0, 0, 0, 1, 0);
    host_log_impl(2, "goodbye", 7);
    return &out;
}
