/* Feeds sessions with answers that were damaged: fuzz COUNT [SEED]. The same numbers give the same run. Ends with 1 if a
 * session was ever told to use an address that no valid answer named: one from where it was asked, with a nonce that it
 * had sent. Compiled with ONEDOOR_LIBFUZZER it is a target of libFuzzer instead. */
#define ONEDOOR_IMPLEMENTATION
#include "onedoor.h"
#include <stdio.h>
#include <stdlib.h>

#define CHANNELS 64
#define NAMED 4096

typedef struct channel {
  uint16_t id;
  int via;
  od_endpoint to;
  uint8_t nonce[8];
  int asked;
} channel;

static channel channels[CHANNELS];
static uint8_t named[NAMED][16];
static unsigned long named_count, connected, lost_count, refused_count, wrong;
static uint64_t state = 1;
static int over;

static uint32_t draw(uint32_t below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)((state >> 20) % below);
}

static void on_open(void *user, uint16_t id, int via, const od_endpoint *to, int is_connected) {
  channel *c = &channels[id % CHANNELS];
  (void)user;
  (void)is_connected;
  memset(c, 0, sizeof *c);
  c->id = id;
  c->via = via;
  c->to = *to;
}
static void on_send(void *user, uint16_t id, const od_endpoint *to, const uint8_t *bytes, size_t length) {
  channel *c = &channels[id % CHANNELS];
  (void)user;
  if (length < 31 || length > OD_MAX_PACKET || (size_t)(bytes[0] << 8 | bytes[1]) != length || bytes[20] != 1) abort();
  c->to = *to;
  c->asked = 1;
  memcpy(c->nonce, bytes + 23, 8);
}
static void on_close(void *user, uint16_t id) {
  (void)user;
  if (channels[id % CHANNELS].id == id) memset(&channels[id % CHANNELS], 0, sizeof(channel));
}
static void on_random(void *user, uint8_t *out, size_t length) {
  size_t i;
  (void)user;
  for (i = 0; i < length; i++) out[i] = (uint8_t)draw(256);
}
static void on_event(void *user, const od_event *event) {
  unsigned long i;
  int known = 0;
  (void)user;
  if (event->type == OD_LOST) lost_count++;
  if (event->type == OD_REFUSED) refused_count++;
  if (event->type == OD_FAILED || event->type == OD_CLOSED) over = 1;
  if (event->type != OD_CONNECTED && event->type != OD_REASSIGNED) return;
  connected++;
  for (i = 0; i < NAMED && !known; i++) known = memcmp(named[i], event->server->address, 16) == 0;
  if (!known || od_is_zero(event->server->address)) wrong++;
}
static const od_host host = {on_open, on_send, on_close, on_random, on_event};

/* What a packet may name if its nonce and its source are right, whatever else is in it. */
static void note(const uint8_t *packet, size_t length, const uint8_t nonce[8]) {
  size_t at;
  int has = 0;
  for (at = 20; at + 11 <= length && !has; at++) has = memcmp(packet + at + 3, nonce, 7) == 0;
  if (!has) return;
  memcpy(named[named_count++ % NAMED], packet + 4, 16);
  for (at = 20; at + 43 <= length + 20; at++) {
    const size_t size = at + 3 <= length ? (size_t)(packet[at + 1] << 8 | packet[at + 2]) : 0;
    if (packet[at] != 0x85 || (size != 20 && size != 40) || at + 3 + size > length) continue;
    memcpy(named[named_count++ % NAMED], packet + at + 3, 16);
    if (size == 40) memcpy(named[named_count++ % NAMED], packet + at + 23, 16);
  }
}

static void start(od_session *session, uint32_t now) {
  static const od_options options = {"app", "world", NULL, "fuzz", 4, 0};
  od_endpoint door;
  od_input in;
  memset(channels, 0, sizeof channels);
  memset(&in, 0, sizeof in);
  memset(&door, 0, sizeof door);
  door.address[10] = door.address[11] = 0xff;
  door.address[12] = 127;
  door.address[15] = 1;
  door.port = 7000;
  over = 0;
  od_init(session, &options, &host, NULL);
  in.type = OD_IN_START;
  in.doors = &door;
  in.count = 1;
  od_step(session, now, &in);
}

static channel *pick(void) {
  int i, n = (int)draw(CHANNELS);
  for (i = 0; i < CHANNELS; i++, n++)
    if (channels[n % CHANNELS].id) return &channels[n % CHANNELS];
  return NULL;
}

static void deliver(od_session *session, uint32_t now, channel *c, const uint8_t *bytes, size_t length) {
  /* Memory of exactly that size, so that a read past the end is seen. */
  uint8_t *copy = (uint8_t *)malloc(length ? length : 1);
  od_endpoint from = c->to;
  od_input in;
  const int right = draw(8) != 0;
  if (copy == NULL) abort();
  memcpy(copy, bytes, length);
  if (!right) from.port ^= (uint16_t)(1 + draw(100));
  if (right && c->asked) note(bytes, length, c->nonce);
  memset(&in, 0, sizeof in);
  in.type = OD_IN_PACKET;
  in.channel = c->id;
  in.from = &from;
  in.bytes = copy;
  in.count = length;
  od_step(session, now, &in);
  free(copy);
}

static void other_input(od_session *session, uint32_t now) {
  static const od_input_type types[] = {OD_IN_TICK, OD_IN_TICK,     OD_IN_TICK, OD_IN_READY, OD_IN_READY,
                                        OD_IN_SENT, OD_IN_RECEIVED, OD_IN_LOST, OD_IN_FAILED};
  channel *c = pick();
  od_input in;
  memset(&in, 0, sizeof in);
  in.type = draw(400) == 0 ? OD_IN_CLOSE : types[draw(9)];
  in.channel = c ? c->id : 0;
  in.count = 1;
  if (in.type == OD_IN_READY && (!c || c->via != OD_TCP || c->asked)) in.type = OD_IN_TICK;
  od_step(session, now, &in);
}

#ifdef ONEDOOR_LIBFUZZER
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length) {
  od_session session;
  uint8_t packet[OD_MAX_PACKET + 1];
  uint32_t now = 0;
  state = 88172645463325252u;
  start(&session, now);
  while (length > 2 && !over) {
    size_t size = (size_t)((data[0] << 8 | data[1]) % (OD_MAX_PACKET + 2));
    channel *c = pick();
    data += 2;
    length -= 2;
    if (size > length) size = length;
    memcpy(packet, data, size);
    if (c && size >= 31) memcpy(packet + 23, c->nonce, 8);
    if (c) deliver(&session, now, c, packet, size);
    data += size;
    length -= size;
    now += 200;
    other_input(&session, now);
  }
  if (wrong) abort();
  return 0;
}
#else
static uint32_t addresses;

static void put_address(uint8_t *at) {
  static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  memcpy(at, mapped, 12);
  addresses++;
  at[12] = 10;
  at[13] = (uint8_t)(addresses >> 16);
  at[14] = (uint8_t)(addresses >> 8);
  at[15] = (uint8_t)addresses;
}
static size_t option(uint8_t *packet, size_t at, uint8_t code, const uint8_t *value, size_t length) {
  packet[at] = code;
  packet[at + 1] = (uint8_t)(length >> 8);
  packet[at + 2] = (uint8_t)length;
  if (value) memcpy(packet + at + 3, value, length);
  else on_random(NULL, packet + at + 3, length);
  return at + 3 + length;
}
static void set_length(uint8_t *packet, size_t length) {
  packet[0] = (uint8_t)(length >> 8);
  packet[1] = (uint8_t)length;
}

/* An answer as a door or an agent might give it. */
static size_t answer(uint8_t *packet, const uint8_t nonce[8]) {
  static const uint8_t ports[] = {0, 0x1e, 0x61, 1, 0x1b, 0x58, 16, 1, 2};
  static const uint8_t page[] = {1, 2, 3, 4, 0, 0, 0, 1, 19, 1, 'a', 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 1, 10, 0};
  uint8_t value[64];
  size_t at = 20, i;
  const uint32_t kind = draw(8);
  memset(packet, 0, 20);
  packet[2] = packet[3] = 0xff;
  if (kind < 6) put_address(packet + 4);
  at = option(packet, at, 0x01, nonce, 8);
  if (draw(2)) {
    uint8_t ticket[OD_MAX_TICKET];
    const size_t length = 1 + draw(OD_MAX_TICKET - 200);
    for (i = 0; i < length; i++) ticket[i] = (uint8_t)('a' + draw(26));
    at = option(packet, at, 0x06, ticket, length);
  }
  if (draw(4)) at = option(packet, at, 0x81, (const uint8_t *)"i-0123456789abcdef0.0", 1 + draw(21));
  if (draw(3)) at = option(packet, at, 0x82, ports, 3 * (1 + draw(3)));
  if (draw(3)) {
    value[0] = 0;
    value[1] = (uint8_t)draw(4);
    value[2] = 0;
    value[3] = (uint8_t)draw(20);
    value[4] = (uint8_t)draw(4);
    value[5] = (uint8_t)draw(256);
    at = option(packet, at, 0x84, value, 6);
  }
  if (draw(3) == 0) {
    const size_t length = draw(2) ? 20 : 40;
    memset(value, 0x1b, sizeof value);
    put_address(value);
    put_address(value + 20);
    at = option(packet, at, 0x85, value, length);
  }
  if (draw(5) == 0) at = option(packet, at, 0x86, NULL, 4);
  if (draw(9) == 0) at = option(packet, at, 0x87, page, sizeof page);
  if (draw(9) == 0) at = option(packet, at, 0x88, NULL, 21 + draw(40));
  if (draw(9) == 0) at = option(packet, at, 0x0b, (const uint8_t *)"wait-token", 10);
  if (kind == 7) {
    memset(value, 0, sizeof value);
    value[1] = (uint8_t)draw(12);
    value[4] = (uint8_t)draw(3);
    at = option(packet, at, 0xe0, value, 6 + draw(8));
    if (value[1] == 9) at = option(packet, at, 0x08, NULL, 20);
  }
  set_length(packet, at);
  return at;
}

static size_t damage(uint8_t *packet, size_t length) {
  uint32_t times = draw(4);
  while (times-- && length > 0) {
    switch (draw(5)) {
      case 0:
        packet[draw((uint32_t)length)] ^= (uint8_t)(1 << draw(8));
        break;
      case 1:
        packet[draw((uint32_t)length)] = (uint8_t)draw(256);
        break;
      case 2:
        length = draw((uint32_t)length + 1);
        if (draw(2) && length > 1) set_length(packet, length);
        break;
      case 3:
        if (length < OD_MAX_PACKET - 40) {
          const uint32_t at = draw((uint32_t)length), size = 1 + draw(30);
          memmove(packet + at + size, packet + at, length - at);
          length += size;
          if (draw(2)) set_length(packet, length);
        }
        break;
      default:
        if (length > 60) {
          const uint32_t from = draw((uint32_t)length - 30), to = draw((uint32_t)length - 30);
          memmove(packet + to, packet + from, 1 + draw(30));
        }
    }
  }
  return length;
}

int main(int argc, char **argv) {
  const unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
  uint8_t packet[OD_MAX_PACKET + 64];
  od_session session;
  unsigned long i;
  uint32_t now = 4294900000u; /* soon before it wraps around */
  state = (argc > 2 ? strtoul(argv[2], NULL, 10) : 1) * 0x9e3779b97f4a7c15u + 1;
  start(&session, now);
  for (i = 0; i < count; i++) {
    channel *c = pick();
    uint8_t nonce[8];
    if (over || (i % 5000) == 4999) start(&session, now);
    c = pick();
    if (c) {
      memcpy(nonce, c->nonce, 8);
      if (draw(8) == 0) on_random(NULL, nonce, 8);
      deliver(&session, now, c, packet, damage(packet, answer(packet, nonce)));
    }
    if (draw(3) == 0) other_input(&session, now);
    now += draw(3) == 0 ? draw(900) : 0;
    if (!over && draw(2)) {
      od_input tick;
      memset(&tick, 0, sizeof tick);
      tick.type = OD_IN_TICK;
      if (!c) now += od_wake_in(&session, now) % 400000;
      od_step(&session, now, &tick);
    }
  }
  printf("%lu answers: %lu servers joined, %lu lost, %lu refusals, %lu on an address that nobody named\n", count,
         connected, lost_count, refused_count, wrong);
  return wrong != 0;
}
#endif
