/* The algorithm ABI to the byte. Prices are 1e9 fixed point, quantities 1e8. No library is linked. */
#ifndef SEQUENCE_H
#define SEQUENCE_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;
typedef signed char i8;

typedef struct { u64 px, sz; } Level;
typedef struct { Level bids[20], asks[20]; u8 bid_ct, ask_ct; u16 symbol_id; u32 pad; u64 recv_ns; } Book;
typedef struct { u64 id, px; i64 qty, filled; i8 side; u8 status, pad[6]; } OpenOrder;
typedef struct {
    i64 position; u64 avg_entry; i64 realized_pnl, unrealized_pnl;
    OpenOrder orders[32]; u8 order_ct, pad[7];
    i64 session_pnl; u64 fills, tick, lot, min_qty, min_notional;
} State;
typedef struct { u64 order_id, px; i64 qty; u64 recv_ns; i8 side; u8 pad[7]; } Fill;
typedef struct { u64 order_id; u8 code, pad[7]; } Reject;
typedef struct { u64 id, px; i64 qty; i8 side; u8 kind, order_type, venue, pad[4]; } Action;
typedef struct { u32 count, pad; Action rows[16]; } Actions;

enum { BUY = 1, SELL = -1 };
enum { LIMIT, MARKET, IOC, FOK, POST_ONLY };

#define CALLBACK(name) __attribute__((export_name(#name), used))
extern void host_log_impl(u32 level, const char *text, u32 length)
    __attribute__((import_module("env"), import_name("host_log_impl")));
#define LOG(level, text) host_log_impl(level, text, sizeof(text) - 1)

static Actions actions;
static u8 heap[8192] __attribute__((aligned(8)));
static u32 heap_used;

CALLBACK(algo_alloc) void *algo_alloc(u32 size) {
    u32 at = heap_used;
    heap_used += (size + 7) & ~7u;
    return heap_used <= sizeof heap ? heap + at : (void *)0xFFFFFFFFu;
}

static inline int place(u64 id, i8 side, u64 px, i64 qty, u8 type) {
    if (actions.count >= 16) return 0;
    Action *row = &actions.rows[actions.count++];
    row->id = id; row->px = px; row->qty = qty; row->side = side;
    row->kind = 0; row->order_type = type; row->venue = 0;
    return 1;
}

static inline int cancel(u64 id) {
    if (actions.count >= 16) return 0;
    Action *row = &actions.rows[actions.count++];
    row->id = id; row->px = 0; row->qty = 0; row->side = 0;
    row->kind = 1; row->order_type = 0; row->venue = 0;
    return 1;
}

/* The value of a parameter slot of Sequence.toml, or `otherwise` where it is not set. */
static inline i64 param(u32 slot, i64 otherwise) {
    const volatile u8 *at = (const volatile u8 *)0x24000;
    const volatile u8 *row = at + 16 + 16 * slot;
    return at[0] == 1 && slot <= 30 && row[8] ? *(const volatile i64 *)row : otherwise;
}

#endif
