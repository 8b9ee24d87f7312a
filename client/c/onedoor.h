/* Onedoor's client for C99 and C++: one header, no allocation, no threads. docs/clients/c.md shows how to use it.
 * In one source file, before any other header:
 *     #define ONEDOOR_IMPLEMENTATION
 *     #define ONEDOOR_SOCKETS          (BSD or Winsock sockets; without it the sockets are yours)
 *     #include "onedoor.h"
 * and in all others #include "onedoor.h" alone. The protocol is docs/PROTOCOL.md; sections are cited from there.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef ONEDOOR_H
#define ONEDOOR_H

/* getaddrinfo and clock_gettime, which -std=c99 hides. */
#if defined(ONEDOOR_IMPLEMENTATION) && defined(ONEDOOR_SOCKETS) && !defined(_WIN32) && !defined(_POSIX_C_SOURCE) && \
    !defined(_GNU_SOURCE) && !defined(__APPLE__) && !defined(__FreeBSD__)
#define _POSIX_C_SOURCE 200112L
#endif
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __cplusplus
extern "C" {
#endif
/* ---- Packets (sections 1 to 3 and 9) ---- */
#define OD_MAX_PACKET 1200
#define OD_MAX_TICKET 760
#define OD_MAX_WAIT 400
#define OD_MAX_ID 24
#define OD_MAX_AVOID (3 * (1 + OD_MAX_ID))
#define OD_PROBE_TYPE 0xffff
#define OD_PORTS 8 /* of an answer's up to 16 ports a session keeps so many, */
#define OD_DOORS 4 /* and of a door's addresses the best so many */
#define OD_NEVER 0xffffffffu

/* Bytes inside of a packet, not copied; `data` is NULL if the option is not there. */
typedef struct od_bytes { const uint8_t *data; size_t length; } od_bytes;
/* Why a packet is none: items 1 to 12 of section 3. */
enum { OD_OK, OD_SHORT, OD_LONG, OD_LENGTH_MISMATCH, OD_LENGTH_INVALID, OD_WRONG_TYPE, OD_OPTION_PAST_END,
       OD_TOO_MANY_OPTIONS, OD_OPTION_REPEATED, OD_VALUE_SIZE, OD_NOT_UTF8, OD_NO_NONCE, OD_WRONG_ROLE };
enum { OD_ROLE_GAME = 0, OD_ROLE_PROBE = 1, OD_ROLE_LOBBY = 2, OD_ROLE_VOICE = 3 };
enum { OD_WANT_ROSTER = 1, OD_WANT_LOBBY = 2, OD_WANT_NO_DIRECT_ANSWER = 4, OD_WANT_NO_SERVER = 8 };
/* A response. IPv4 addresses are mapped into 16 bytes, except in a classic packet. Pages are checked alone. */
typedef struct od_response {
  int classic;            /* 4 or 6: a classic packet, which has an address and nothing else; 0: extended */
  const uint8_t *address, *nonce; /* 16 bytes (classic: 4 or 16) and 8 */
  od_bytes ticket, cookie, wait, server, ports, other_address, alternates, roster_page, lobby_page, reason;
  int has_keepalive, has_moving, has_error;
  uint16_t interval_s, transmissions, timeout_ms, error;
  uint32_t moving_ms, retry_after_ms;
} od_response;
/* Reads one packet; views into `bytes` stand in `out`. Total: any bytes give OD_OK or the first reason that applies. */
int od_read_response(const uint8_t *bytes, size_t length, uint16_t type, od_response *out);

/* Fields of a request; what is NULL or 0 is left out. `address` has 16 bytes, `nonce` 8. */
typedef struct od_request {
  const uint8_t *address, *nonce;
  od_bytes app, world, group, client, ticket, avoid, cookie, wait, pick;
  uint8_t want, report, leave, has_page;
  uint16_t page;
} od_request;
/* Writes a request padded to `pad_to` (at least) into 1,200 bytes; its length, or 0 if it does not fit. */
size_t od_write_request(uint8_t *out, const od_request *request, uint16_t type, size_t pad_to);
/* The classic request of 8 (family 4) or 20 bytes (family 6), with an address of zeroes; its length. */
size_t od_write_classic(uint8_t *out, int family, uint16_t type);
/* Bytes that the first packet of a stream takes: 0 if that is not known yet, negative for a reason to close it. */
int od_frame(const uint8_t *bytes, size_t length);
int od_is_ipv4(const uint8_t address[16]);
int od_is_zero(const uint8_t address[16]);

/* ---- Sessions (section 5) ---- */
typedef struct od_endpoint { uint8_t address[16]; uint16_t port; } od_endpoint;
typedef struct od_server {
  char id[OD_MAX_ID + 1]; /* "" as long as an alternate has not answered */
  uint8_t port_count, roles[OD_PORTS];
  uint16_t ports[OD_PORTS];
  uint8_t address[16], other_address[16]; /* the other: the same server in the other family; zeroes: none */
} od_server;
/* Why something did not work: the numbers of the protocol, and one that only a client knows. */
enum { OD_NO_CAPACITY = 1, OD_UNKNOWN_APP, OD_UNKNOWN_WORLD, OD_REQUEST_TOO_SMALL, OD_RATE_LIMITED, OD_UNAVAILABLE,
       OD_TICKET_REJECTED, OD_CLOCK, OD_COOKIE_REQUIRED, OD_NO_ANSWER = 100 };
/* The name that all of Onedoor uses: "assign.no-capacity"; docs/ERRORS.md explains each. */
const char *od_code_name(int code);

typedef enum od_event_type {
  OD_CONNECTED = 1,  /* the first server: play there, show od_ticket() */
  OD_LOST,           /* stop sending to that server; the session looks for another */
  OD_REASSIGNED,     /* another server: join it with the new ticket */
  OD_MOVING,         /* the server ends in `ends_in_ms`; play on, OD_REASSIGNED follows */
  OD_REFUSED,        /* no server now: `code` says why, the door is asked again in `retry_in_ms` */
  OD_TICKET_REFUSED, /* the server lives but takes the ticket no more; game traffic flows, so the session goes on */
  OD_FAILED,         /* the end: what was asked for does not exist; `code` */
  OD_CLOSED          /* the end, after od_close */
} od_event_type;
enum { OD_SILENT = 1, OD_REFUSED_ME = 2, OD_REPORTED = 3, OD_UDP = 1, OD_TCP = 2 };
typedef struct od_event {
  od_event_type type;
  int code;                /* OD_REFUSED, OD_FAILED, OD_TICKET_REFUSED; OD_LOST if the server refused this client */
  int reason;              /* OD_LOST: OD_SILENT, OD_REFUSED_ME, OD_REPORTED */
  int via;                 /* OD_CONNECTED, OD_REASSIGNED: OD_UDP or OD_TCP */
  int named;               /* OD_MOVING: another server is known; comes once more when it is */
  uint32_t ends_in_ms;     /* OD_MOVING; OD_NEVER: it did not say */
  uint32_t retry_in_ms;    /* OD_REFUSED */
  const od_server *server; /* the server that it is about; good during the call */
} od_event;
/* What to ask for. The session keeps the pointer: it, and what it points to, must outlive the session. */
typedef struct od_options {
  const char *app, *world, *group; /* UTF-8 of 1..32 bytes; NULL: the default app, any world, no preference */
  const void *client;              /* 1..32 bytes: this client's stable identity; NULL: random for each session */
  size_t client_length;
  uint16_t type; /* packet type of the deployment; 0: 0xFFFF */
} od_options;
/* What the session asks of its surroundings. A channel is a socket with a port of its own. `connected`: bind the socket
 * to `to`, so that the system drops what others send; always for OD_TCP. None may call od_step, but `event` with
 * OD_IN_LOST and OD_IN_CLOSE, which are carried out after it. */
typedef struct od_host {
  void (*open)(void *user, uint16_t channel, int via, const od_endpoint *to, int connected);
  void (*send)(void *user, uint16_t channel, const od_endpoint *to, const uint8_t *bytes, size_t length);
  void (*close)(void *user, uint16_t channel);
  void (*random)(void *user, uint8_t *out, size_t length);
  void (*event)(void *user, const od_event *event);
} od_host;
typedef enum od_input_type {
  OD_IN_START = 1, /* `doors`, `count`: the door's addresses, best first */
  OD_IN_TICK,      /* time has passed */
  OD_IN_DOORS,     /* the door's name was resolved anew */
  OD_IN_READY,     /* TCP: `channel` is connected */
  OD_IN_PACKET,    /* `channel`, `from`, `bytes`, `count`: a datagram, or a packet cut from a stream by od_frame */
  OD_IN_FAILED,    /* `channel` reported an error; TCP: it is closed. For UDP a hint: it may be forged */
  OD_IN_SENT,      /* the game sent `count` datagrams to its server */
  OD_IN_RECEIVED,  /* the game got a datagram from its server */
  OD_IN_LOST,      /* the game found its server dead */
  OD_IN_CLOSE      /* gives an unused seat back and ends */
} od_input_type;
typedef struct od_input {
  od_input_type type; uint16_t channel; const od_endpoint *from, *doors; const uint8_t *bytes; size_t count;
} od_input;
/* From here to od_session: the state, nothing to touch. Times are milliseconds modulo 2^32. */
typedef struct od__alternate { uint8_t address[16]; uint16_t game, probe; } od__alternate;
typedef struct od__watch {
  od_server server;
  uint8_t alternate_count, accepted, leaving, show_ticket, size, path, doubts, tcp_ready;
  uint8_t running, sent, total, restarted, soon_set, held, nonce[8];
  uint16_t interval_s, transmissions, timeout_ms, ticket_length, udp[2], tcp;
  od__alternate alternates[2];
  uint32_t last_start, not_before, soon, started, wake;
  char ticket[OD_MAX_TICKET + 1];
} od__watch;
typedef struct od__attempt { uint8_t via, door, state, cookies; uint16_t after_ms, channel; } od__attempt;
typedef struct od__search {
  uint8_t avoid[OD_MAX_AVOID], avoid_length, wait[OD_MAX_WAIT], report, reporting, attempt_count, nonce[2][8];
  uint16_t wait_length;
  od__attempt attempts[5];
  uint32_t started;
} od__search;
typedef struct od_session {
  const od_options *options; const od_host *host; void *user;
  od_endpoint doors[OD_DOORS];
  uint8_t door_count, turn, phase, via, granted, told, failures, busy, pending;
  uint8_t has_joining, has_received, flowed, gap_at, gap_count, own_client[16];
  uint16_t next_channel, pad_to, gaps[8];
  uint32_t until, sent, last_received; /* `until`: with a server, since when the door has given one */
  od__watch watch;
  /* A server that this one named is joined only after this one has answered, and then nothing is searched. */
  union {
    od__watch joining;
    od__search search;
  } u;
} od_session;
typedef char od__size_check[sizeof(od_session) <= 2048 ? 1 : -1]; /* at most 2 KiB a session */

/* `user` goes to the functions of `host`. */
void od_init(od_session *session, const od_options *options, const od_host *host, void *user);
/* Takes one input; calls `host` for what is to happen. `now_ms`: any monotonic clock; it may wrap around. */
void od_step(od_session *session, uint32_t now_ms, const od_input *input);
/* Milliseconds until OD_IN_TICK is due; OD_NEVER. Hand over what the sockets hold before a tick. */
uint32_t od_wake_in(const od_session *session, uint32_t now_ms);
/* Where to play; NULL before OD_CONNECTED. */
const od_server *od_current(const od_session *session);
/* The seat there, for its game to check; "" where the deployment works without seats. */
const char *od_ticket(const od_session *session);
/* Port of a role; 0 if the answer named none: the app's well-known port. */
uint16_t od_port(const od_server *server, int role);

#ifdef ONEDOOR_SOCKETS
/* ---- Sockets: a session that sends and receives by itself ---- */
#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
typedef SOCKET od_socket;
#else
#include <sys/socket.h>
typedef int od_socket;
#endif
#define OD_CHANNELS 8
typedef struct od_client {
  od_session session;
  void (*on_event)(void *user, const od_event *event); void *user;
  od_socket sockets[OD_CHANNELS];
  uint16_t channels[OD_CHANNELS];
  uint8_t kinds[OD_CHANNELS];
} od_client;
/* Resolves `door` ("host", "host:7000", "[2001:db8::1]:7000"; this may block for as long as the resolver does) and
 * starts a session. 0; or -1 if the name has no address. `options` may be NULL, else it must outlive the client. */
int od_connect(od_client *client, const char *door, const od_options *options,
               void (*on_event)(void *user, const od_event *event), void *user);
/* Call it in each frame: takes what came in, sends what is due, calls `on_event`. Never blocks. */
void od_update(od_client *client);
/* The game sent `count` datagrams to its server, got one from it, or found it dead. */
void od_sent(od_client *client, uint32_t count);
void od_received(od_client *client);
void od_lost(od_client *client);
/* Gives an unused seat back: go on calling od_update until OD_CLOSED, or give up with od_destroy. */
void od_close(od_client *client);
void od_destroy(od_client *client); /* closes all sockets at once */
/* The server's address and the port of a role (`port` if the answer named none) for sendto; the length. */
socklen_t od_sockaddr(const od_server *server, int role, uint16_t port, struct sockaddr_storage *out);
uint32_t od_now_ms(void);
#endif

#ifdef __cplusplus
}
#endif
#endif /* ONEDOOR_H */

#ifdef ONEDOOR_IMPLEMENTATION
#ifndef ONEDOOR_IMPLEMENTED
#define ONEDOOR_IMPLEMENTED

/* ---- Reading ---- */
#define OD__HEADER 20
static uint16_t od__u16(const uint8_t *at) { return (uint16_t)((at[0] << 8) | at[1]); }
static uint32_t od__u32(const uint8_t *at) {
  return ((uint32_t)at[0] << 24) | ((uint32_t)at[1] << 16) | ((uint32_t)at[2] << 8) | at[3]; }
static od_bytes od__bytes(const uint8_t *data, size_t length) {
  od_bytes bytes; bytes.data = data; bytes.length = length; return bytes; }
int od_is_zero(const uint8_t address[16]) {
  uint8_t all = 0; int i; for (i = 0; i < 16; i++) all |= address[i];
  return all == 0;
}
static const uint8_t od__mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
int od_is_ipv4(const uint8_t address[16]) { return memcmp(address, od__mapped, 12) == 0; }
/* RFC 3629, section 4: the range of the second byte keeps out overlong forms, surrogates and what is above U+10FFFF. */
static int od__is_utf8(od_bytes text) {
  size_t at = 0;
  while (at < text.length) {
    const uint8_t first = text.data[at]; size_t length, tail; uint8_t low, high; if (first < 0x80) { at++; continue; }
    length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80; high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (first < 0xc2 || first > 0xf4 || length > text.length - at) return 0;
    if (text.data[at + 1] < low || text.data[at + 1] > high) return 0;
    for (tail = 2; tail < length; tail++)
      if ((text.data[at + tail] & 0xc0) != 0x80) return 0;
    at += length;
  }
  return 1;
}
/* A cursor that goes on after a fault, so that a wrong size anywhere hides a text that is not UTF-8. */
typedef struct od__reader { const uint8_t *at, *end; int fault; } od__reader;
static od__reader od__read(od_bytes from) {
  od__reader reader; reader.at = from.data; reader.end = from.data + from.length; reader.fault = OD_OK; return reader;
}
static void od__fault(od__reader *reader, int fault) {
  if (fault == OD_VALUE_SIZE) reader->at = reader->end;
  if (fault != OD_OK && reader->fault != OD_VALUE_SIZE) reader->fault = fault;
}
static od_bytes od__take(od__reader *reader, size_t length) {
  od_bytes taken = od__bytes(reader->at, length);
  if ((size_t)(reader->end - reader->at) >= length) { reader->at += length; return taken; }
  od__fault(reader, OD_VALUE_SIZE); return od__bytes(NULL, 0);
}
static uint32_t od__number(od__reader *reader, size_t size) {
  const od_bytes bytes = od__take(reader, size); uint32_t value = 0; size_t i;
  for (i = 0; i < bytes.length; i++) value = (value << 8) | bytes.data[i];
  return value;
}
static od_bytes od__text(od__reader *reader, size_t length, size_t least, size_t most) {
  od_bytes text; if (length < least || length > most) od__fault(reader, OD_VALUE_SIZE);
  text = od__take(reader, length); if (!od__is_utf8(text)) od__fault(reader, OD_NOT_UTF8);
  return text;
}
static od_bytes od__short_text(od__reader *reader, size_t least, size_t most) {
  const size_t length = od__number(reader, 1); return od__text(reader, length, least, most); }
/* The next part of a page: `size: 1` and so many bytes, of which a later version may add some at the end. */
static int od__part(od_bytes page, size_t *at, od__reader *part) {
  size_t size; if (*at >= page.length) return 0;
  size = page.data[*at]; if (size > page.length - *at - 1) return -OD_VALUE_SIZE;
  *part = od__read(od__bytes(page.data + *at + 1, size)); *at += 1 + size; return 1;
}
/* The inside of a page: its texts and the sizes of its parts. */
static int od__check_roster(od_bytes page) {
  int fault = OD_OK, has_group = 0, found; od__reader part;
  for (size_t at = 8; (found = od__part(page, &at, &part)) != 0; has_group = 1) {
    if (found < 0) return OD_VALUE_SIZE;
    od__short_text(&part, 1, OD_MAX_ID); od__take(&part, 13); const uint32_t size = od__number(&part, 1);
    if (size != 0xff) od__text(&part, size, 0, 32);
    else if (!has_group) od__fault(&part, OD_VALUE_SIZE);
    const uint32_t shape = od__number(&part, 1);
    od__take(&part, (shape & 1 ? 4u : 0u) + (shape & 2 ? 16u : 0u) + 3u * (shape >> 4));
    if (part.fault == OD_VALUE_SIZE) return OD_VALUE_SIZE;
    if (part.fault) fault = part.fault;
  }
  return fault;
}
static int od__check_lobby(od_bytes page) {
  od__reader reader = od__read(page), part; int found; od__take(&reader, 16); od__short_text(&reader, 1, 32);
  od__short_text(&reader, 0, 32); const size_t length = od__number(&reader, 2); od__text(&reader, length, 0, 512);
  if (reader.fault == OD_VALUE_SIZE) return OD_VALUE_SIZE;
  for (size_t at = (size_t)(reader.at - page.data); (found = od__part(page, &at, &part)) != 0;) {
    if (found < 0) return OD_VALUE_SIZE;
    od__short_text(&part, 1, 32); od__short_text(&part, 0, 64); if (part.fault == OD_VALUE_SIZE) return OD_VALUE_SIZE;
    if (part.fault) reader.fault = part.fault;
  }
  return reader.fault;
}
static int od__in(size_t length, size_t least, size_t most) { return length >= least && length <= most; }
/* One option of a response; OD_VALUE_SIZE, OD_NOT_UTF8 or OD_OK. What the table gives to requests alone is skipped. */
static int od__option(od_response *out, uint8_t code, od_bytes value) {
  const size_t n = value.length;
  switch (code) {
    case 0x01: out->nonce = value.data; return n == 8 ? OD_OK : OD_VALUE_SIZE;
    case 0x06: out->ticket = value;
      return !od__in(n, 1, OD_MAX_TICKET) ? OD_VALUE_SIZE : od__is_utf8(value) ? OD_OK : OD_NOT_UTF8;
    case 0x08: out->cookie = value; return n == 20 ? OD_OK : OD_VALUE_SIZE;
    case 0x0b:
      out->wait = value; return !od__in(n, 1, OD_MAX_WAIT) ? OD_VALUE_SIZE : od__is_utf8(value) ? OD_OK : OD_NOT_UTF8;
    case 0x81:
      out->server = value; return !od__in(n, 1, OD_MAX_ID) ? OD_VALUE_SIZE : od__is_utf8(value) ? OD_OK : OD_NOT_UTF8;
    case 0x82: out->ports = value; return od__in(n, 3, 48) && n % 3 == 0 ? OD_OK : OD_VALUE_SIZE;
    case 0x83: out->other_address = value; return n == 16 ? OD_OK : OD_VALUE_SIZE;
    case 0x84: if (n != 6) return OD_VALUE_SIZE;
      out->has_keepalive = 1; out->interval_s = od__u16(value.data); out->transmissions = od__u16(value.data + 2);
      out->timeout_ms = od__u16(value.data + 4); return OD_OK;
    case 0x85: out->alternates = value; return n == 20 || n == 40 ? OD_OK : OD_VALUE_SIZE;
    case 0x86: if (n != 4) return OD_VALUE_SIZE;
      out->has_moving = 1; out->moving_ms = od__u32(value.data); return OD_OK;
    case 0x87: out->roster_page = value; return od__in(n, 8, 1166) ? od__check_roster(value) : OD_VALUE_SIZE;
    case 0x88: out->lobby_page = value; return od__in(n, 21, 1166) ? od__check_lobby(value) : OD_VALUE_SIZE;
    case 0xe0: if (!od__in(n, 6, 6 + 64)) return OD_VALUE_SIZE;
      out->has_error = 1; out->error = od__u16(value.data); out->retry_after_ms = od__u32(value.data + 2);
      out->reason = od__bytes(value.data + 6, n - 6); return od__is_utf8(out->reason) ? OD_OK : OD_NOT_UTF8;
    default: return OD_OK;
  }
}
/* The structure of all options before the value of any: a reason of lower number wins wherever it stands. */
static int od__walk(const uint8_t *bytes, size_t length, int *has_nonce, int *is_response) {
  uint8_t seen[32]; size_t at = OD__HEADER; int count = 0, repeated = 0; memset(seen, 0, sizeof seen);
  *has_nonce = *is_response = 0;
  while (at < length) {
    const uint8_t code = bytes[at]; if (length - at < 3) return OD_OPTION_PAST_END;
    at += 3 + (size_t)od__u16(bytes + at + 1); if (at > length) return OD_OPTION_PAST_END;
    repeated |= seen[code >> 3] >> (code & 7) & 1;
    seen[code >> 3] = (uint8_t)(seen[code >> 3] | (1 << (code & 7)));
    *has_nonce |= code == 0x01; *is_response |= code >= 0x80; count++;
  }
  return count > 16 ? OD_TOO_MANY_OPTIONS : repeated ? OD_OPTION_REPEATED : OD_OK;
}
static int od__is_length(size_t length) { return length == 8 || length == 20 || length >= 31; }
int od_read_response(const uint8_t *bytes, size_t length, uint16_t type, od_response *out) {
  size_t at; int has_nonce, is_response, not_utf8 = 0, fault; memset(out, 0, sizeof *out);
  if (length < 8 || length > OD_MAX_PACKET) return length < 8 ? OD_SHORT : OD_LONG;
  if (od__u16(bytes) != length || !od__is_length(length))
    return od__u16(bytes) != length ? OD_LENGTH_MISMATCH : OD_LENGTH_INVALID;
  if (od__u16(bytes + 2) != type) return OD_WRONG_TYPE;
  out->address = bytes + 4; if (length < 31) { out->classic = length == 8 ? 4 : 6; return OD_OK; }
  fault = od__walk(bytes, length, &has_nonce, &is_response); if (fault) return fault;
  for (at = OD__HEADER; is_response && at < length; at += 3 + (size_t)od__u16(bytes + at + 1)) {
    fault = od__option(out, bytes[at], od__bytes(bytes + at + 3, od__u16(bytes + at + 1)));
    if (fault == OD_VALUE_SIZE) return fault;
    if (fault) not_utf8 = 1;
  }
  return not_utf8 ? OD_NOT_UTF8 : !has_nonce ? OD_NO_NONCE : is_response ? OD_OK : OD_WRONG_ROLE;
}
int od_frame(const uint8_t *bytes, size_t length) {
  size_t wanted; if (length < 2) return 0;
  wanted = od__u16(bytes); if (wanted < 8 || wanted > OD_MAX_PACKET) return wanted < 8 ? -OD_SHORT : -OD_LONG;
  return od__is_length(wanted) ? (int)wanted : -OD_LENGTH_INVALID;
}

/* ---- Writing ---- */
static uint8_t *od__put16(uint8_t *at, size_t value) {
  at[0] = (uint8_t)(value >> 8); at[1] = (uint8_t)value; return at + 2; }
/* `at` stays NULL once something did not fit. */
static uint8_t *od__put(uint8_t *at, const uint8_t *end, uint8_t code, od_bytes value) {
  if (at == NULL || value.data == NULL) return at;
  if ((size_t)(end - at) < 3 + value.length) return NULL;
  *at = code;
  at = od__put16(at + 1, value.length); memcpy(at, value.data, value.length); return at + value.length;
}
static uint8_t *od__put_byte(uint8_t *at, const uint8_t *end, uint8_t code, uint8_t value) {
  return value ? od__put(at, end, code, od__bytes(&value, 1)) : at; }
size_t od_write_request(uint8_t *out, const od_request *request, uint16_t type, size_t pad_to) {
  uint8_t *at = out + OD__HEADER, page[2]; const uint8_t *end = out + OD_MAX_PACKET; size_t length;
  od__put16(out + 2, type); memcpy(out + 4, request->address, 16);
  at = od__put(at, end, 0x01, od__bytes(request->nonce, 8)); at = od__put(at, end, 0x02, request->app);
  at = od__put(at, end, 0x03, request->world); at = od__put(at, end, 0x04, request->group);
  at = od__put(at, end, 0x05, request->client); at = od__put(at, end, 0x06, request->ticket);
  at = od__put(at, end, 0x07, request->avoid); at = od__put(at, end, 0x08, request->cookie);
  at = od__put_byte(at, end, 0x09, request->want); at = od__put_byte(at, end, 0x0a, request->report);
  at = od__put(at, end, 0x0b, request->wait); od__put16(page, request->page);
  if (request->has_page) at = od__put(at, end, 0x0c, od__bytes(page, 2));
  at = od__put(at, end, 0x0d, request->pick); if (request->leave) at = od__put(at, end, 0x0e, od__bytes(out, 0));
  if (at == NULL) return 0;
  length = (size_t)(at - out);
  /* Padding has three bytes at least: "Writing a packet". */
  if (length < pad_to && length <= OD_MAX_PACKET - 3) {
    const size_t padding = pad_to - length < 3 ? 0 : pad_to - length - 3;
    *at = 0x00;
    memset(od__put16(at + 1, padding), 0, padding); length += 3 + padding;
  }
  od__put16(out, length); return length;
}
size_t od_write_classic(uint8_t *out, int family, uint16_t type) {
  const size_t length = family == 6 ? 20 : 8; memset(out, 0, length); od__put16(out, length);
  od__put16(out + 2, type); return length;
}
const char *od_code_name(int code) {
  static const char *const names[] = {
      "assign.unavailable", "assign.no-capacity", "assign.unknown-app", "assign.unknown-world", "wire.request-too-small",
      "door.rate-limited", "assign.unavailable", "ticket.ticket-rejected", "ticket.clock", "door.cookie-required"};
  if (code == OD_NO_ANSWER) return "client.no-answer";
  return code > 0 && code < 10 ? names[code] : names[0];
}

/* ---- The session. Durations are those of section 5. ---- */
enum { OD__IDLE, OD__SEARCHING, OD__WAITING, OD__PLAYING, OD__TRYING, OD__LEAVING, OD__CLOSED };
enum { OD__DUE, OD__LIVE, OD__FAILED };
enum { OD__DOOR_REQUEST_MS = 6000, OD__DOOR_UDP_ALONE_MS = 2000, OD__RETRY_CAP_MS = 300000, OD__ASK_AGAIN_MS = 2000,
       OD__STORM_MS = 5000, OD__HINT_SPACING_MS = 1000, OD__QUIET_MS = 1000, OD__TRANSMISSIONS = 3,
       OD__MAX_COOKIES = 3 };
static int od__due(uint32_t now, uint32_t at) { return (int32_t)(now - at) >= 0; }
static uint32_t od__left(uint32_t now, uint32_t at) { return od__due(now, at) ? 0 : at - now; }
static uint32_t od__min(uint32_t a, uint32_t b) { return a < b ? a : b; }
static uint16_t od__type(const od_session *s) { return s->options->type ? s->options->type : OD_PROBE_TYPE; }
static uint32_t od__interval(const od__watch *w) { return w->interval_s < 1 ? 1000 : (uint32_t)w->interval_s * 1000; }
static uint32_t od__timeout(const od__watch *w) { /* an alternate, nameless until it answers, may be gone as well */
  return od__min(w->timeout_ms < 100 ? 100 : w->timeout_ms, w->accepted || w->server.id[0] ? 10000 : 250); }
static od_bytes od__name(const char *text) {
  return text ? od__bytes((const uint8_t *)text, strlen(text)) : od__bytes(NULL, 0); }
static od_bytes od__client(const od_session *s) {
  if (s->options->client == NULL) return od__bytes(s->own_client, sizeof s->own_client);
  return od__bytes((const uint8_t *)s->options->client, s->options->client_length);
}
static od_event od__event(od_event_type type, const od_server *server) {
  od_event event; memset(&event, 0, sizeof event); event.type = type; event.server = server; return event; }
static void od__tell(od_session *s, const od_event *event) { s->host->event(s->user, event); }
static uint16_t od__open(od_session *s, int via, const od_endpoint *to, int connected) {
  if (++s->next_channel == 0) ++s->next_channel;
  s->host->open(s->user, s->next_channel, via, to, connected); return s->next_channel;
}
static void od__shut(od_session *s, uint16_t *channel) {
  if (*channel) s->host->close(s->user, *channel);
  *channel = 0;
}
static int od__same_endpoint(const od_endpoint *one, const od_endpoint *other) {
  return one->port == other->port && memcmp(one->address, other->address, 16) == 0; }
uint16_t od_port(const od_server *server, int role) {
  for (int i = 0; i < server->port_count; i++)
    if (server->roles[i] == role) return server->ports[i];
  return role == OD_ROLE_PROBE ? 7000 : 0;
}
static od_endpoint od__probe_endpoint(const od_server *server) {
  od_endpoint to; memcpy(to.address, server->address, 16); to.port = od_port(server, OD_ROLE_PROBE); return to; }

/* ---- What answers say ---- */
/* The first of a role counts within one answer; a later answer is newer. */
static void od__learn_ports(od_server *server, od_bytes ports) {
  const int known = server->port_count; int i; size_t at; uint8_t fresh = 0;
  for (at = 0; at < ports.length; at += 3) {
    const uint8_t role = ports.data[at];
    for (i = 0; i < server->port_count && server->roles[i] != role; i++) continue;
    if (i == OD_PORTS || (i < server->port_count && (i >= known || (fresh & (1 << i))))) continue;
    server->roles[i] = role; server->ports[i] = od__u16(ports.data + at + 1); fresh = (uint8_t)(fresh | (1 << i));
    if (i == server->port_count) server->port_count++;
  }
}
static void od__learn_id(od_server *server, od_bytes id) {
  if (id.data == NULL) return;
  memcpy(server->id, id.data, id.length); server->id[id.length] = '\0';
}
static void od__learn_rhythm(od__watch *w, const od_response *r) {
  if (!r->has_keepalive) return;
  w->interval_s = r->interval_s; w->transmissions = r->transmissions; w->timeout_ms = r->timeout_ms;
}
/* Server, seat and fallbacks of an answer that has an address. */
static void od__take_grant(od__watch *w, const od_response *r) {
  size_t i; memset(w, 0, sizeof *w); memcpy(w->server.address, r->address, 16);
  if (r->other_address.data) memcpy(w->server.other_address, r->other_address.data, 16);
  od__learn_id(&w->server, r->server); od__learn_ports(&w->server, r->ports); w->interval_s = 20;
  w->transmissions = 10; w->timeout_ms = 700; od__learn_rhythm(w, r);
  for (i = 0; i < r->alternates.length / 20; i++) {
    const uint8_t *at = r->alternates.data + 20 * i; od__alternate *next = &w->alternates[w->alternate_count];
    memcpy(next->address, at, 16); next->game = od__u16(at + 16); next->probe = od__u16(at + 18);
    w->alternate_count = (uint8_t)(w->alternate_count + !od_is_zero(at)); /* zeroes are never a server */
  }
  if (r->ticket.data) {
    memcpy(w->ticket, r->ticket.data, r->ticket.length); w->ticket_length = (uint16_t)r->ticket.length;
    w->show_ticket = 1;
  }
}
/* Several servers of one machine share its address, so the id decides where there is one. */
static int od__is_other(const od_response *r, const od_server *server) {
  if (r->server.data && server->id[0])
    return r->server.length != strlen(server->id) || memcmp(r->server.data, server->id, r->server.length) != 0;
  return memcmp(r->address, server->address, 16) != 0 && memcmp(r->address, server->other_address, 16) != 0;
}

/* ---- Keepalives ---- */
static int od__flows(const od_session *s, const od__watch *w, uint32_t now) {
  uint32_t usual = 3000, silence = now - s->last_received, most = od__interval(w); int i;
  if (w != &s->watch || !s->has_received) return 0;
  for (i = 0; i < s->gap_count; i++) usual = i > 0 && usual > 3u * s->gaps[i] ? usual : 3u * s->gaps[i];
  return silence < od__min(usual < 1000 ? 1000 : usual, most);
}
/* Time from the start of the last keepalive to that of the next. */
static uint32_t od__next_after(const od_session *s, const od__watch *w) {
  uint32_t after = od__interval(w);
  if (w == &s->watch && s->flowed) after = od__min(after, s->last_received + OD__QUIET_MS - w->last_start);
  if (w->soon_set) after = od__min(after, w->soon - w->last_start);
  if (w == &s->watch && w->transmissions > 0 && s->sent >= w->transmissions) after = 0;
  if (w->held && w->not_before - w->last_start > after) after = w->not_before - w->last_start;
  return after;
}
static uint16_t od__udp_channel(od_session *s, od__watch *w, const od_endpoint *to) {
  /* The last transmission goes out by a fresh socket: the old one may be bound to a network that is gone. */
  if (w->udp[0] && w->sent < OD__TRANSMISSIONS - 1) return w->udp[0];
  od__shut(s, &w->udp[1]); w->udp[1] = w->udp[0]; w->udp[0] = od__open(s, OD_UDP, to, 1); return w->udp[0];
}
static void od__keepalive(od_session *s, od__watch *w, int via, uint16_t channel, const od_endpoint *to) {
  static const uint16_t sizes[] = {96, 800, OD_MAX_PACKET};
  uint8_t packet[OD_MAX_PACKET], nonce[8], own[16]; od_request request; size_t length;
  memset(&request, 0, sizeof request); memset(own, 0, sizeof own);
  if (od_is_ipv4(to->address)) memcpy(own, od__mapped, 12);
  memcpy(nonce, w->nonce, 8);
  /* Each packet of an exchange has a nonce of its own: 64 random bits, the last of them with its number. */
  nonce[7] = (uint8_t)(nonce[7] ^ (w->total * 2 + (via == OD_TCP))); request.address = own; request.nonce = nonce;
  request.client = od__client(s);
  if (w->show_ticket) request.ticket = od__bytes((const uint8_t *)w->ticket, w->ticket_length);
  request.leave = w->leaving;
  length = od_write_request(packet, &request, od__type(s), via == OD_TCP ? 0 : sizes[w->size]);
  if (length) s->host->send(s->user, channel, to, packet, length);
}
static void od__transmit(od_session *s, od__watch *w, uint32_t now) {
  const od_endpoint to = od__probe_endpoint(&w->server);
  if (w->path != OD_TCP) od__keepalive(s, w, OD_UDP, od__udp_channel(s, w, &to), &to);
  if (w->path == OD_TCP || (w->path == 0 && (w->doubts || w->sent > 0))) {
    if (w->tcp && w->tcp_ready) od__keepalive(s, w, OD_TCP, w->tcp, &to);
    if (!w->tcp) { w->tcp_ready = 0; w->tcp = od__open(s, OD_TCP, &to, 1); }
  }
  w->wake = now + (w->sent == 0 ? od__timeout(w) : od__timeout(w) / 2); w->sent++; w->total++;
  if (w->sent == OD__TRANSMISSIONS && !od__due(w->wake, w->started + od__timeout(w)))
    w->wake = w->started + od__timeout(w);
}
static void od__start_keepalive(od_session *s, od__watch *w, uint32_t now) {
  w->last_start = w->started = now; w->soon_set = w->held = 0; w->sent = w->total = w->restarted = 0; w->running = 1;
  if (w == &s->watch) { s->sent = 0; s->flowed = 0; }
  s->host->random(s->user, w->nonce, 8); od__transmit(s, w, now);
}
static void od__end_watch(od_session *s, od__watch *w) {
  w->running = 0; od__shut(s, &w->udp[0]); od__shut(s, &w->udp[1]); od__shut(s, &w->tcp); }
/* The server of `w` is watched from now on. */
static void od__watch_server(od_session *s, od__watch *w, int doubts, uint32_t now) {
  w->doubts = (uint8_t)doubts; w->accepted = w->leaving = w->size = w->path = 0; w->udp[0] = w->udp[1] = w->tcp = 0;
  w->show_ticket = w->ticket_length > 0; if (w == &s->watch) s->has_received = s->gap_count = s->gap_at = 0;
  od__start_keepalive(s, w, now);
}
static int od__owns(const od__watch *w, uint16_t channel) {
  return channel != 0 && (channel == w->udp[0] || channel == w->udp[1] || channel == w->tcp); }
/* The way that is answered first is kept. */
static void od__heard(od_session *s, od__watch *w, uint16_t channel) {
  if (channel == w->tcp) {
    if (w->path == 0) w->path = OD_TCP;
  } else if (w->path != OD_TCP) {
    w->path = OD_UDP; if (channel == w->udp[1]) { w->udp[1] = w->udp[0]; w->udp[0] = channel; }
    od__shut(s, &w->udp[1]);
  }
  if (w->path == OD_TCP) { od__shut(s, &w->udp[0]); od__shut(s, &w->udp[1]); } else { od__shut(s, &w->tcp); }
}
/* Asks again with more room, once for each size; a server that wants more than there is just lives. */
static int od__grow(od_session *s, od__watch *w, uint32_t now) {
  if (w->size == 2) return 0;
  w->size++; od__start_keepalive(s, w, now); return 1;
}
static void od__ask_soon(od__watch *w, uint32_t now) { w->soon_set = 1; w->soon = now + OD__ASK_AGAIN_MS; }
/* What became of a watch; everything but OD__LIVES and OD__MOVES ends it. */
enum { OD__LIVES, OD__LOST, OD__REFUSES, OD__MOVES, OD__LEFT };
static int od__refused(od_session *s, od__watch *w, const od_response *r, uint32_t now) {
  od_event event;
  switch (r->error) {
    case OD_REQUEST_TOO_SMALL: od__grow(s, w, now); return OD__LIVES;
    case OD_NO_CAPACITY: case OD_UNKNOWN_APP: case OD_UNKNOWN_WORLD: case OD_TICKET_REJECTED: case OD_CLOCK: break;
    default: w->held = 1; w->not_before = now + od__min(r->retry_after_ms, od__interval(w));
      if (w->show_ticket) od__ask_soon(w, now);
      return OD__LIVES;
  }
  /* The game has let the client in: what the agent thinks of the ticket moves nobody. */
  if (!od__flows(s, w, now)) return OD__REFUSES;
  w->show_ticket = 0; event = od__event(OD_TICKET_REFUSED, &w->server); event.code = r->error; od__tell(s, &event);
  return OD__LIVES;
}
static int od__watch_packet(od_session *s, od__watch *w, const od_input *in, const od_response *r, uint32_t now) {
  const od_endpoint to = od__probe_endpoint(&w->server); const unsigned number = r->nonce[7] ^ w->nonce[7]; int zero;
  if (!w->running || !od__owns(w, in->channel) || !od__same_endpoint(in->from, &to)) return OD__LIVES;
  if (memcmp(r->nonce, w->nonce, 7) != 0 || number >= 2u * w->total) return OD__LIVES;
  w->running = 0; od__heard(s, w, in->channel); if (w->leaving) return OD__LEFT;
  if (r->has_error) return od__refused(s, w, r, now);
  zero = od_is_zero(r->address);
  if ((!zero && od__is_other(r, &w->server)) || r->has_moving) {
    if (zero && od__grow(s, w, now)) return OD__LIVES;
    w->accepted = 1; w->show_ticket = 0; od__ask_soon(w, now); return OD__MOVES;
  }
  w->accepted = 1; w->show_ticket = 0; od__learn_id(&w->server, r->server); od__learn_ports(&w->server, r->ports);
  od__learn_rhythm(w, r); return OD__LIVES;
}
static int od__watch_tick(od_session *s, od__watch *w, uint32_t now) {
  if (w->running && od__due(now, w->wake)) {
    int over = w->sent >= OD__TRANSMISSIONS;
    /* A process that slept has not listened: answers may wait in its sockets, or its network just came back. */
    if (over && !w->restarted && now - w->wake > od__timeout(w)) {
      w->restarted = 1; w->sent = 0; w->started = now; over = 0;
    }
    w->running = !over;
    if (!over) od__transmit(s, w, now);
    else if (w->leaving || !od__flows(s, w, now)) return w->leaving ? OD__LEFT : OD__LOST;
  }
  if (!w->running && now - w->last_start >= od__next_after(s, w)) od__start_keepalive(s, w, now);
  return OD__LIVES;
}
/* A hint that nobody listens there, which may be forged: it brings forward what would have come anyway. */
static void od__watch_failed(od_session *s, od__watch *w, uint16_t channel, uint32_t now) {
  if (!od__owns(w, channel)) return;
  if (channel == w->tcp) od__shut(s, &w->tcp);
  if (w->running) {
    if (w->sent < OD__TRANSMISSIONS) od__transmit(s, w, now);
  } else if (now - w->last_start >= OD__HINT_SPACING_MS) { od__start_keepalive(s, w, now); }
}
static void od__watch_ready(od_session *s, od__watch *w, uint16_t channel) {
  const od_endpoint to = od__probe_endpoint(&w->server); if (channel == 0 || channel != w->tcp) return;
  w->tcp_ready = 1; if (w->running) { w->total--; od__keepalive(s, w, OD_TCP, channel, &to); w->total++; }
}
static uint32_t od__watch_wake(const od_session *s, const od__watch *w, uint32_t now) {
  return od__left(now, w->running ? w->wake : w->last_start + od__next_after(s, w)); }

/* ---- Asking the door ---- */
static od__search *od__searching(od_session *s) { return &s->u.search; }
static const od_endpoint *od__door(const od_session *s, const od__attempt *attempt) {
  return &s->doors[(attempt->door + s->turn) % s->door_count]; }
static void od__send_request(od_session *s, od__attempt *attempt, od_bytes cookie) {
  od__search *search = od__searching(s); const od_endpoint *door = od__door(s, attempt);
  const int ipv4 = od_is_ipv4(door->address); uint8_t packet[OD_MAX_PACKET], own[16]; od_request request;
  size_t length; memset(&request, 0, sizeof request); memset(own, 0, sizeof own);
  if (ipv4) memcpy(own, od__mapped, 12);
  request.address = own; request.nonce = search->nonce[ipv4]; request.app = od__name(s->options->app);
  request.world = od__name(s->options->world); request.group = od__name(s->options->group);
  request.client = od__client(s);
  if (search->avoid_length) request.avoid = od__bytes(search->avoid, search->avoid_length);
  request.cookie = cookie; if (search->wait_length) request.wait = od__bytes(search->wait, search->wait_length);
  /* A repeat says that a direct answer may be what did not arrive: "want". */
  if (attempt->via == OD_UDP && attempt - search->attempts >= s->door_count) request.want = OD_WANT_NO_DIRECT_ANSWER;
  if (attempt->state == OD__DUE) request.want = OD_WANT_NO_SERVER;
  if (search->reporting && s->watch.ticket_length) {
    request.report = search->reporting;
    request.ticket = od__bytes((const uint8_t *)s->watch.ticket, s->watch.ticket_length);
  }
  length = od_write_request(packet, &request, od__type(s), attempt->via == OD_TCP ? 0 : s->pad_to);
  if (length) s->host->send(s->user, attempt->channel, door, packet, length);
}
/* The attempt that uses a channel. */
static od__attempt *od__attempt_of(od_session *s, uint16_t channel) {
  od__search *search = od__searching(s);
  for (int i = 0; i < search->attempt_count; i++)
    if (search->attempts[i].state != OD__DUE && search->attempts[i].channel == channel) return &search->attempts[i];
  return NULL;
}
static void od__end_search(od_session *s) {
  od__search *search = od__searching(s); int i;
  for (i = 0; i < search->attempt_count; i++)
    if (search->attempts[i].state != OD__DUE) od__shut(s, &search->attempts[i].channel);
  search->attempt_count = 0; }
static void od__plan(od_session *s, uint8_t via, int door, int after_ms) {
  od__search *search = od__searching(s); od__attempt *attempt = &search->attempts[search->attempt_count++];
  memset(attempt, 0, sizeof *attempt); attempt->via = via; attempt->door = (uint8_t)door;
  attempt->after_ms = (uint16_t)after_ms; }
/* When an attempt is to start, counted from the request's start; the first one, and one after a failure, at once. */
static uint32_t od__attempt_after(const od__search *search, int i) {
  if (search->attempts[i].state != OD__DUE) return OD_NEVER;
  return i == 0 || search->attempts[i - 1].state == OD__FAILED ? 0 : search->attempts[i].after_ms; }
/* UDP never says that nobody is there; where TCP has failed, it is waited for less. */
static uint32_t od__search_ends_after(const od__search *search) {
  int i, others = 0, failed = 0;
  for (i = 0; i < search->attempt_count; i++)
    if (search->attempts[i].via != OD_UDP) { others++; failed += search->attempts[i].state == OD__FAILED; }
  return others > 0 && others == failed ? OD__DOOR_UDP_ALONE_MS : OD__DOOR_REQUEST_MS; }
static void od__refuse(od_session *s, int code, uint32_t retry_after_ms, uint32_t now);
static void od__search_tick(od_session *s, uint32_t now) {
  od__search *search = od__searching(s); int i, failed = 0; const uint32_t elapsed = now - search->started;
  if (elapsed < od__search_ends_after(search)) {
    for (i = 0; i < search->attempt_count; i++) {
      od__attempt *attempt = &search->attempts[i]; failed += attempt->state == OD__FAILED;
      if (elapsed < od__attempt_after(search, i)) continue;
      attempt->state = OD__LIVE;
      attempt->channel = od__open(s, attempt->via, od__door(s, attempt), attempt->via == OD_TCP);
      if (attempt->via == OD_UDP) od__send_request(s, attempt, od__bytes(NULL, 0));
    }
    if (failed < search->attempt_count) return;
  }
  od__end_search(s); s->turn = (uint8_t)(s->door_count > 3 ? (s->turn + 3) % s->door_count : 0);
  od__refuse(s, OD_NO_ANSWER, 0, now);
}
static void od__ask(od_session *s, uint32_t now) {
  static const uint16_t udp_at[] = {0, 350, 700};
  od__search *search = od__searching(s); int i; s->phase = OD__SEARCHING; search->reporting = search->report;
  search->report = 0; search->started = now; search->attempt_count = 0;
  s->host->random(s->user, search->nonce[0], 16);
  for (i = 0; i < 3 && s->door_count; i++) od__plan(s, OD_UDP, i % s->door_count, udp_at[i]);
  for (i = 0; i < 2 && i < s->door_count; i++) od__plan(s, OD_TCP, i, 1000 + 250 * i);
  od__search_tick(s, now);
}
static uint32_t od__below(od_session *s, uint32_t end) {
  uint8_t random[4]; s->host->random(s->user, random, 4); return (uint32_t)(((uint64_t)od__u32(random) * end) >> 32); }
static uint32_t od__wait(od_session *s, uint32_t ms, uint32_t now) {
  s->phase = OD__WAITING; s->until = now + ms; return ms; }
static uint32_t od__back_off(od_session *s, uint32_t retry_after_ms, uint32_t now) {
  const uint32_t ceiling = s->failures < 7 ? 250u << s->failures++ : 30000u;
  return od__wait(s, od__min(retry_after_ms, OD__RETRY_CAP_MS) + od__below(s, ceiling), now); }
/* In without the door, which would never hear of the loss: one datagram that wants nothing tells it. */
static void od__tell_loss(od_session *s) {
  od__search *search = od__searching(s); od__attempt *attempt = &search->attempts[0];
  search->reporting = search->report; search->report = 0;
  if (!search->reporting || s->via != OD_UDP || s->door_count == 0) return;
  memset(attempt, 0, sizeof *attempt); attempt->via = OD_UDP; s->host->random(s->user, search->nonce[0], 16);
  attempt->channel = od__open(s, OD_UDP, od__door(s, attempt), 0);
  od__send_request(s, attempt, od__bytes(NULL, 0)); od__shut(s, &attempt->channel);
}
static void od__end(od_session *s, od_event_type type, int code) {
  od_event event = od__event(type, od_current(s)); event.code = code; s->phase = OD__CLOSED; od__tell(s, &event); }
static void od__refuse(od_session *s, int code, uint32_t retry_after_ms, uint32_t now) {
  od_event event = od__event(OD_REFUSED, NULL);
  if (!s->granted && (code == OD_UNKNOWN_APP || code == OD_UNKNOWN_WORLD)) { od__end(s, OD_FAILED, code); return; }
  /* With every other server full or gone, the one that was lost may be back. */
  if (code == OD_NO_CAPACITY || code == OD_UNAVAILABLE || code == OD_UNKNOWN_APP || code == OD_UNKNOWN_WORLD)
    od__searching(s)->avoid_length = 0;
  event.code = code; event.retry_in_ms = od__back_off(s, retry_after_ms, now); od__tell(s, &event);
}
/* Whether the answer was one that asks for the same request once more, from the same port. */
static int od__repeats(od_session *s, od__attempt *attempt, const od_response *r) {
  if (r->error == OD_COOKIE_REQUIRED && r->cookie.data && attempt->cookies < OD__MAX_COOKIES) {
    attempt->cookies++; od__send_request(s, attempt, r->cookie); return 1;
  }
  if (r->error == OD_REQUEST_TOO_SMALL && s->pad_to < OD_MAX_PACKET) {
    s->pad_to = OD_MAX_PACKET; od__send_request(s, attempt, od__bytes(NULL, 0)); return 1;
  }
  return 0;
}
static void od__play(od_session *s, int via) {
  od_event event = od__event(s->granted ? OD_REASSIGNED : OD_CONNECTED, &s->watch.server);
  event.via = s->via = (uint8_t)via; s->granted = 1; s->phase = OD__PLAYING; s->told = 0; od__tell(s, &event); }
/* The server has answered: what went wrong before is over. */
static void od__confirm(od_session *s) {
  s->failures = 0; if (!s->has_joining) od__searching(s)->avoid_length = 0; }
static void od__search_packet(od_session *s, const od_input *in, const od_response *r, uint32_t now) {
  od__search *search = od__searching(s); od__attempt *attempt = od__attempt_of(s, in->channel);
  const od_endpoint *door; int via, asked; if (attempt == NULL) return;
  door = od__door(s, attempt); via = attempt->via; asked = od__same_endpoint(in->from, door);
  if (memcmp(r->nonce, search->nonce[od_is_ipv4(door->address)], 8) != 0) return;
  if (r->has_error || od_is_zero(r->address)) {
    const int known = r->has_error && r->error >= 1 && r->error <= 9;
    if (!asked || (r->has_error && od__repeats(s, attempt, r))) return;
    search->wait_length = (uint16_t)r->wait.length;
    if (r->wait.length) memcpy(search->wait, r->wait.data, r->wait.length);
    od__end_search(s);
    od__refuse(s, known ? (int)r->error : (int)OD_UNAVAILABLE, r->has_error ? r->retry_after_ms : 0, now); return;
  }
  if (od_is_ipv4(r->address) != od_is_ipv4(door->address)) return;
  if (!asked) {
    /* The very server that the answer names may answer itself, from its probe port. */
    od_server named; od_endpoint probe; memset(&named, 0, sizeof named); memcpy(named.address, r->address, 16);
    od__learn_ports(&named, r->ports); probe = od__probe_endpoint(&named);
    if (via != OD_UDP || !od__same_endpoint(in->from, &probe)) return;
  }
  od__end_search(s); search->wait_length = 0; od__take_grant(&s->watch, r);
  s->until = now; od__watch_server(s, &s->watch, via != OD_UDP, now); od__play(s, via);
}
static uint32_t od__search_wake(const od_session *s, uint32_t now) {
  const od__search *search = &s->u.search; const uint32_t elapsed = now - search->started;
  uint32_t after = od__search_ends_after(search); int i;
  for (i = 0; i < search->attempt_count; i++) after = od__min(after, od__attempt_after(search, i));
  return after <= elapsed ? 0 : after - elapsed; }

/* ---- Losing a server, and moving ---- */
/* The newest first, the last one forgotten: option *avoid*. */
static void od__shun(od_session *s, const od_server *server, uint8_t report) {
  od__search *search = od__searching(s); const uint8_t length = (uint8_t)strlen(server->id);
  uint8_t list[OD_MAX_AVOID]; size_t at, used = 1 + (size_t)length; int count = 1;
  search->report = s->watch.ticket_length ? report : 0; if (length == 0) return;
  list[0] = length; memcpy(list + 1, server->id, length);
  for (at = 0; at < search->avoid_length && count < 3; at += 1 + (size_t)search->avoid[at]) {
    const size_t size = 1 + (size_t)search->avoid[at];
    if (size == 1 + (size_t)length && memcmp(search->avoid + at + 1, server->id, length) == 0) continue;
    memcpy(list + used, search->avoid + at, size); used += size; count++;
  }
  memcpy(search->avoid, list, used); search->avoid_length = (uint8_t)used;
}
/* The next alternate with the same ticket, or the door: a crowd comes spread over 5 s, or as long as it has played. */
static void od__try_next(od_session *s, uint32_t now) {
  od__watch *w = &s->watch; od__alternate to;
  if (w->alternate_count == 0 && s->failures > 0) { od__back_off(s, 0, now); return; }
  if (w->alternate_count == 0) { od__wait(s, od__below(s, od__min(OD__STORM_MS, now - s->until)), now); return; }
  to = w->alternates[0]; w->alternates[0] = w->alternates[1]; w->alternate_count--;
  memset(&w->server, 0, sizeof w->server); memcpy(w->server.address, to.address, 16); w->server.port_count = 2;
  w->server.roles[0] = OD_ROLE_GAME; w->server.ports[0] = to.game; w->server.roles[1] = OD_ROLE_PROBE;
  w->server.ports[1] = to.probe; s->phase = OD__TRYING; od__watch_server(s, w, s->via != OD_UDP, now);
}
static void od__lose(od_session *s, int reason, int code, uint32_t now) {
  od_event event = od__event(OD_LOST, &s->watch.server); const int joining = s->has_joining;
  od_server lost = s->watch.server; od__watch next; event.server = &lost; event.reason = reason; event.code = code;
  od__end_watch(s, &s->watch); if (!s->watch.accepted && s->failures == 0) s->failures = 1;
  if (joining) { next = s->u.joining; memset(&s->u, 0, sizeof s->u); s->has_joining = 0; }
  od__shun(s, &lost, reason == OD_REFUSED_ME ? 2 : 1);
  /* A ticket that was refused here is no better at an alternate. */
  if (reason == OD_REFUSED_ME || s->watch.ticket_length == 0) s->watch.alternate_count = 0;
  if (reason == OD_REFUSED_ME) s->until = now;
  s->phase = OD__TRYING; od__tell(s, &event); if (!joining) { od__try_next(s, now); return; }
  /* The lost server's ticket is gone with it, so there is nothing to report. */
  s->watch = next; od__searching(s)->report = 0; s->has_received = s->gap_count = 0;
}
static void od__end_joining(od_session *s) {
  if (!s->has_joining) return;
  od__end_watch(s, &s->u.joining); s->has_joining = 0; memset(&s->u, 0, sizeof s->u); }
/* The named server has let the client in. */
static void od__moved(od_session *s) {
  od__end_watch(s, &s->watch); s->watch = s->u.joining; s->has_joining = 0; memset(&s->u, 0, sizeof s->u);
  s->has_received = s->gap_count = s->gap_at = s->flowed = 0; s->sent = 0;
  od__play(s, s->watch.path == OD_TCP ? OD_TCP : OD_UDP); od__confirm(s); }
/* One way at a time: the same seat is named again in every answer until the client has gone. */
static void od__follow(od_session *s, const od_response *r, uint32_t now) {
  od_event event = od__event(OD_MOVING, &s->watch.server); od_server *next = &s->u.joining.server;
  const uint8_t told = od_is_zero(r->address) || !od__is_other(r, &s->watch.server) ? 1 : 2; event.named = told == 2;
  event.ends_in_ms = r->has_moving ? r->moving_ms : OD_NEVER;
  if (told == 2 && !s->has_joining) {
    od__take_grant(&s->u.joining, r);
    if (next->port_count == 0) { /* named by address alone: the same ports there */
      memcpy(next->roles, s->watch.server.roles, OD_PORTS); memcpy(next->ports, s->watch.server.ports, 2 * OD_PORTS);
      next->port_count = s->watch.server.port_count;
    }
    s->has_joining = 1; od__watch_server(s, &s->u.joining, s->watch.path == OD_TCP, now);
  }
  if (s->told != told) { s->told = told; od__tell(s, &event); }
}
static int od__is_watching(const od_session *s) {
  return s->phase == OD__PLAYING || s->phase == OD__TRYING || s->phase == OD__LEAVING; }
static void od__settle_trial(od_session *s, int outcome, uint32_t now) {
  if (s->watch.accepted) {
    od__tell_loss(s); od__play(s, s->watch.path == OD_TCP ? OD_TCP : OD_UDP); od__confirm(s);
  } else if (outcome != OD__LIVES) { od__end_watch(s, &s->watch); od__try_next(s, now); }
}
/* What the watched server's answer or silence means. */
static void od__settle(od_session *s, int outcome, const od_response *r, uint32_t now) {
  if (s->phase == OD__TRYING) { od__settle_trial(s, outcome, now); return; }
  if (s->phase == OD__LEAVING && outcome != OD__LIVES) { od__end_watch(s, &s->watch); od__end(s, OD_CLOSED, 0); }
  if (s->phase != OD__PLAYING) return;
  if (s->watch.accepted) od__confirm(s);
  if (outcome == OD__LOST) od__lose(s, OD_SILENT, 0, now);
  if (outcome == OD__REFUSES) od__lose(s, OD_REFUSED_ME, r->error, now);
  if (outcome == OD__MOVES) od__follow(s, r, now);
}
/* The same for the server that is about to be joined: true once it has taken the client in. */
static int od__settle_joining(od_session *s, int outcome) {
  if (s->has_joining && s->u.joining.accepted) { od__moved(s); return 1; }
  if (outcome != OD__LIVES) od__end_joining(s);
  return 0; }

/* ---- Inputs ---- */
static void od__packet(od_session *s, const od_input *in, uint32_t now) {
  od_response r; if (od_read_response(in->bytes, in->count, od__type(s), &r) != OD_OK || r.classic) return;
  if (s->phase == OD__SEARCHING) { od__search_packet(s, in, &r, now); return; }
  if (s->has_joining && od__settle_joining(s, od__watch_packet(s, &s->u.joining, in, &r, now))) return;
  if (od__is_watching(s)) od__settle(s, od__watch_packet(s, &s->watch, in, &r, now), &r, now); }
static void od__tick(od_session *s, uint32_t now) {
  if (s->phase == OD__SEARCHING) { od__search_tick(s, now); return; }
  if (s->phase == OD__WAITING && od__due(now, s->until)) { od__ask(s, now); return; }
  if (s->has_joining && od__settle_joining(s, od__watch_tick(s, &s->u.joining, now))) return;
  if (od__is_watching(s)) od__settle(s, od__watch_tick(s, &s->watch, now), NULL, now); }
static void od__failed(od_session *s, uint16_t channel, uint32_t now) {
  od__attempt *attempt = s->phase == OD__SEARCHING ? od__attempt_of(s, channel) : NULL;
  if (attempt) attempt->state = OD__FAILED;
  if (!od__is_watching(s)) return;
  if (s->has_joining) od__watch_failed(s, &s->u.joining, channel, now);
  od__watch_failed(s, &s->watch, channel, now);
}
static void od__ready(od_session *s, uint16_t channel) {
  od__attempt *attempt = s->phase == OD__SEARCHING ? od__attempt_of(s, channel) : NULL;
  if (attempt) od__send_request(s, attempt, od__bytes(NULL, 0));
  if (s->has_joining) od__watch_ready(s, &s->u.joining, channel);
  if (od__is_watching(s)) od__watch_ready(s, &s->watch, channel);
}
static void od__received_one(od_session *s, uint32_t now) {
  if (s->phase != OD__PLAYING) return;
  if (s->has_received) {
    s->gaps[s->gap_at] = (uint16_t)od__min(now - s->last_received, 65535); s->gap_at = (uint8_t)((s->gap_at + 1) % 8);
    if (s->gap_count < 8) s->gap_count++;
  }
  s->last_received = now; s->has_received = s->flowed = 1;
}
/* An unused seat goes back, where the way leads or here. */
static void od__leave(od_session *s, uint32_t now) {
  if (s->phase == OD__LEAVING || s->phase == OD__CLOSED) return;
  if (s->phase == OD__SEARCHING) od__end_search(s);
  if (s->phase == OD__PLAYING && s->has_joining && s->u.joining.show_ticket) {
    od__end_watch(s, &s->watch); s->watch = s->u.joining; s->has_joining = 0;
  }
  od__end_joining(s);
  if (s->phase == OD__PLAYING && s->watch.show_ticket) {
    s->phase = OD__LEAVING; s->watch.leaving = 1; od__start_keepalive(s, &s->watch, now); return;
  }
  if (s->phase == OD__PLAYING || s->phase == OD__TRYING) od__end_watch(s, &s->watch);
  od__end(s, OD_CLOSED, 0);
}
static void od__learn_doors(od_session *s, const od_input *in) {
  size_t i; if (in->count == 0) return;
  for (i = 0; i < in->count && i < OD_DOORS; i++) s->doors[i] = in->doors[i];
  s->door_count = (uint8_t)i; s->turn = 0;
}
void od_init(od_session *session, const od_options *options, const od_host *host, void *user) {
  static const od_options none = {NULL, NULL, NULL, NULL, 0, 0};
  memset(session, 0, sizeof *session); session->options = options ? options : &none; session->host = host;
  session->user = user; session->pad_to = 800; host->random(user, session->own_client, sizeof session->own_client);
}
static void od__step(od_session *s, uint32_t now, const od_input *in) {
  switch (in->type) {
    case OD_IN_START: case OD_IN_DOORS:
      /* An open request holds its doors by their place in the list. */
      if (s->phase != OD__SEARCHING) od__learn_doors(s, in);
      if (in->type == OD_IN_START && s->phase == OD__IDLE) od__ask(s, now);
      return;
    case OD_IN_TICK: od__tick(s, now); return;
    case OD_IN_READY: od__ready(s, in->channel); return;
    case OD_IN_PACKET: od__packet(s, in, now); return;
    case OD_IN_FAILED: od__failed(s, in->channel, now); return;
    case OD_IN_SENT: s->sent += (uint32_t)in->count; return;
    case OD_IN_RECEIVED: od__received_one(s, now); return;
    case OD_IN_LOST: if (s->phase != OD__PLAYING) return;
      od__lose(s, OD_REPORTED, 0, now); return;
    case OD_IN_CLOSE: od__leave(s, now); return;
  }
}
void od_step(od_session *session, uint32_t now_ms, const od_input *input) {
  od_input later;
  if (session->busy) {
    /* From inside of an event: carried out when the step that told it is over. */
    if (input->type == OD_IN_CLOSE || (input->type == OD_IN_LOST && !session->pending))
      session->pending = (uint8_t)input->type;
    return;
  }
  session->busy = 1; od__step(session, now_ms, input); memset(&later, 0, sizeof later);
  while (session->pending) {
    later.type = (od_input_type)session->pending; session->pending = 0; od__step(session, now_ms, &later);
  }
  session->busy = 0;
}
uint32_t od_wake_in(const od_session *s, uint32_t now_ms) {
  const uint32_t other = s->has_joining ? od__watch_wake(s, &s->u.joining, now_ms) : OD_NEVER;
  if (od__is_watching(s)) return od__min(other, od__watch_wake(s, &s->watch, now_ms));
  if (s->phase == OD__WAITING) return od__left(now_ms, s->until);
  return s->phase == OD__SEARCHING ? od__search_wake(s, now_ms) : OD_NEVER;
}
const od_server *od_current(const od_session *session) { return session->granted ? &session->watch.server : NULL; }
const char *od_ticket(const od_session *session) { return session->watch.ticket; }
#ifdef ONEDOOR_SOCKETS
/* ---- Sockets ---- */
#include <stdio.h>
#ifdef _WIN32
#define OD__NO_SOCKET INVALID_SOCKET
#define od__close_socket closesocket
EXTERN_C BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length); /* RtlGenRandom, in advapi32 */
#else
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>
#define OD__NO_SOCKET (-1)
#define od__close_socket close
#endif
#ifdef MSG_NOSIGNAL
#define OD__NO_SIGNAL MSG_NOSIGNAL
#else
#define OD__NO_SIGNAL 0
#endif
enum { OD__FREE, OD__UDP_OPEN, OD__TCP_CONNECTING, OD__TCP_OPEN, OD__BROKEN };
#define OD__READS_AT_ONCE 64 /* a flood on one socket must not hold up a frame */
static int od__would_block(void) {
#ifdef _WIN32
  const int error = WSAGetLastError(); return error == WSAEWOULDBLOCK || error == WSAEINPROGRESS;
#else
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINPROGRESS || errno == EINTR;
#endif
}
static int od__set_non_blocking(od_socket socket) {
#ifdef _WIN32
  u_long on = 1; return ioctlsocket(socket, FIONBIO, &on);
#else
  const int flags = fcntl(socket, F_GETFL, 0);
#ifdef SO_NOSIGPIPE
  const int on = 1; setsockopt(socket, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
  return flags < 0 ? -1 : fcntl(socket, F_SETFL, flags | O_NONBLOCK);
#endif
}
uint32_t od_now_ms(void) {
#ifdef _WIN32
  return (uint32_t)GetTickCount64();
#else
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now); return (uint32_t)now.tv_sec * 1000u + (uint32_t)(now.tv_nsec / 1000000);
#endif
}
static void od__system_random(void *user, uint8_t *out, size_t length) {
#ifdef _WIN32
  (void)user; if (SystemFunction036(out, (ULONG)length)) return;
#else
  FILE *source = fopen("/dev/urandom", "rb"); const size_t got = source ? fread(out, 1, length, source) : 0;
  (void)user; if (source) fclose(source);
  if (got == length) return;
#endif
  /* Without a source, nonces still tell one request from the next: a mixed count (splitmix64). */
  for (size_t i = 0; i < length; i++) {
    static uint64_t state = 0;
    uint64_t mixed = state += 0x9e3779b97f4a7c15u + od_now_ms();
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u; mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    out[i] = (uint8_t)(mixed >> 56);
  }
}
static socklen_t od__to_sockaddr(const od_endpoint *endpoint, struct sockaddr_storage *out) {
  const int is_v4 = od_is_ipv4(endpoint->address); struct sockaddr_in v4; struct sockaddr_in6 v6;
  memset(out, 0, sizeof *out); memset(&v4, 0, sizeof v4); memset(&v6, 0, sizeof v6);
  v4.sin_family = AF_INET; v4.sin_port = v6.sin6_port = htons(endpoint->port); v6.sin6_family = AF_INET6;
  memcpy(&v4.sin_addr, endpoint->address + 12, 4); memcpy(&v6.sin6_addr, endpoint->address, 16);
  memcpy(out, is_v4 ? (void *)&v4 : (void *)&v6, is_v4 ? sizeof v4 : sizeof v6);
  return (socklen_t)(is_v4 ? sizeof v4 : sizeof v6);
}
static int od__from_sockaddr(const struct sockaddr_storage *from, od_endpoint *out) {
  struct sockaddr_in v4; struct sockaddr_in6 v6;
  memcpy(&v4, from, sizeof v4); memcpy(&v6, from, sizeof v6); memcpy(out->address, od__mapped, 12);
  if (from->ss_family == AF_INET) memcpy(out->address + 12, &v4.sin_addr, 4);
  else memcpy(out->address, &v6.sin6_addr, 16);
  out->port = ntohs(from->ss_family == AF_INET ? v4.sin_port : v6.sin6_port);
  return from->ss_family == AF_INET || from->ss_family == AF_INET6;
}
socklen_t od_sockaddr(const od_server *server, int role, uint16_t port, struct sockaddr_storage *out) {
  od_endpoint to; memcpy(to.address, server->address, 16); to.port = od_port(server, role);
  if (to.port == 0) to.port = port;
  return od__to_sockaddr(&to, out);
}
static int od__slot(const od_client *client, uint16_t channel) {
  for (int i = 0; i < OD_CHANNELS; i++)
    if (client->kinds[i] != OD__FREE && client->channels[i] == channel) return i;
  return -1;
}
static void od__on_close(void *user, uint16_t channel) {
  od_client *client = (od_client *)user; const int i = od__slot(client, channel); if (i < 0) return;
  if (client->sockets[i] != OD__NO_SOCKET) od__close_socket(client->sockets[i]);
  client->kinds[i] = OD__FREE;
}
static void od__on_open(void *user, uint16_t channel, int via, const od_endpoint *to, int connected) {
  od_client *client = (od_client *)user; const int family = od_is_ipv4(to->address) ? AF_INET : AF_INET6;
  struct sockaddr_storage address;
  const socklen_t length = od__to_sockaddr(to, &address); od_socket opened; int i;
  for (i = 0; i < OD_CHANNELS && client->kinds[i] != OD__FREE; i++) continue;
  if (i == OD_CHANNELS) return;
  opened = socket(family, via == OD_TCP ? SOCK_STREAM : SOCK_DGRAM, 0); client->sockets[i] = opened;
  client->channels[i] = channel;
  client->kinds[i] = OD__BROKEN; /* the next od_update tells */
  if (opened == OD__NO_SOCKET || od__set_non_blocking(opened) != 0) return;
  if (connected && connect(opened, (const struct sockaddr *)&address, length) != 0 && !od__would_block()) return;
  client->kinds[i] = via == OD_TCP ? OD__TCP_CONNECTING : OD__UDP_OPEN;
}
static void od__on_send(void *user, uint16_t channel, const od_endpoint *to, const uint8_t *bytes, size_t length) {
  od_client *client = (od_client *)user; const int i = od__slot(client, channel);
  struct sockaddr_storage address, peer;
  const socklen_t to_size = od__to_sockaddr(to, &address);
  socklen_t size = (socklen_t)sizeof peer; long sent; if (i < 0 || client->kinds[i] == OD__BROKEN) return;
  if (client->kinds[i] == OD__TCP_OPEN || getpeername(client->sockets[i], (struct sockaddr *)&peer, &size) == 0)
    sent = (long)send(client->sockets[i], (const char *)bytes, length, OD__NO_SIGNAL);
  else
    sent = (long)sendto(client->sockets[i], (const char *)bytes, length, 0, (struct sockaddr *)&address, to_size);
  /* A datagram that could not be sent is like one that was lost; half a packet spoils a stream. */
  if (client->kinds[i] == OD__TCP_OPEN && sent != (long)length) client->kinds[i] = OD__BROKEN;
}
static void od__on_event(void *user, const od_event *event) {
  od_client *client = (od_client *)user; if (client->on_event) client->on_event(client->user, event); }
static void od__input(od_client *client, od_input_type type, size_t count, uint16_t channel) {
  od_input in; memset(&in, 0, sizeof in); in.type = type; in.count = count; in.channel = channel;
  od_step(&client->session, od_now_ms(), &in);
}
static void od__break(od_client *client, int i) {
  const uint16_t channel = client->channels[i]; if (client->kinds[i] != OD__UDP_OPEN) od__on_close(client, channel);
  od__input(client, OD_IN_FAILED, 0, channel);
}
/* 1 connected, 0 not yet, -1 never. */
static int od__connected(od_socket socket) {
  struct sockaddr_storage peer;
  socklen_t size = (socklen_t)sizeof peer;
#ifdef _WIN32
  fd_set good, bad;
  struct timeval now = {0, 0};
  FD_ZERO(&good); FD_ZERO(&bad); FD_SET(socket, &good); FD_SET(socket, &bad);
  if (select(0, NULL, &good, &bad, &now) <= 0) return 0;
#else
  struct pollfd look; look.fd = socket; look.events = POLLOUT; look.revents = 0; if (poll(&look, 1, 0) <= 0) return 0;
#endif
  return getpeername(socket, (struct sockaddr *)&peer, &size) == 0 ? 1 : -1;
}
/* Takes one packet from a socket; 0: there is none, -1: the channel is over (a hint for UDP). */
static int od__read_one(od_client *client, int i) {
  const od_socket from_socket = client->sockets[i]; const int is_tcp = client->kinds[i] == OD__TCP_OPEN;
  uint8_t packet[OD_MAX_PACKET + 1];
  struct sockaddr_storage source;
  socklen_t size = (socklen_t)sizeof source; od_endpoint from; od_input in; long got;
  memset(&source, 0, sizeof source);
  if (is_tcp) {
    /* A packet stays with the system until all of it is there. */
    int wanted; got = (long)recv(from_socket, (char *)packet, OD_MAX_PACKET, MSG_PEEK);
    if (got < 0) return od__would_block() ? 0 : -1;
    wanted = od_frame(packet, (size_t)got); if (got == 0 || wanted < 0) return -1;
    if (wanted == 0 || wanted > (int)got) return 0;
    got = (long)recv(from_socket, (char *)packet, (size_t)wanted, 0);
    if (got != wanted || getpeername(from_socket, (struct sockaddr *)&source, &size) != 0) return -1;
  } else {
    got = (long)recvfrom(from_socket, (char *)packet, sizeof packet, 0, (struct sockaddr *)&source, &size);
#ifdef _WIN32
    if (got < 0 && WSAGetLastError() == WSAEMSGSIZE) return 1;
#endif
    if (got < 0) return od__would_block() ? 0 : -1;
  }
  if (!od__from_sockaddr(&source, &from)) return 1;
  memset(&in, 0, sizeof in); in.type = OD_IN_PACKET; in.channel = client->channels[i]; in.from = &from;
  in.bytes = packet; in.count = (size_t)got; od_step(&client->session, od_now_ms(), &in); return 1;
}
static void od__serve(od_client *client, int i) {
  const uint16_t channel = client->channels[i]; int reads, result = 1;
  if (client->kinds[i] == OD__BROKEN) result = -1;
  if (client->kinds[i] == OD__TCP_CONNECTING) {
    result = od__connected(client->sockets[i]);
    if (result > 0) { client->kinds[i] = OD__TCP_OPEN; od__input(client, OD_IN_READY, 0, channel); }
  }
  for (reads = 0; result > 0 && reads < OD__READS_AT_ONCE; reads++) {
    if (client->channels[i] != channel || client->kinds[i] < OD__UDP_OPEN || client->kinds[i] > OD__TCP_OPEN) return;
    result = od__read_one(client, i);
  }
  if (result < 0 && client->channels[i] == channel && client->kinds[i] != OD__FREE) od__break(client, i);
}
void od_update(od_client *client) {
  for (int i = 0; i < OD_CHANNELS; i++)
    if (client->kinds[i] != OD__FREE) od__serve(client, i);
  if (od_wake_in(&client->session, od_now_ms()) == 0) od__input(client, OD_IN_TICK, 0, 0);
}
/* "host", "host:port", "[v6]:port" or a bare IPv6 address; 0 if it is too long. */
static int od__split_door(const char *door, char host[256], char port[8]) {
  const char *colon = strrchr(door, ':'), *end = door + strlen(door); const char *bracket = strchr(door, ']');
  memcpy(port, "7000", 5);
  if (door[0] == '[' && bracket) {
    colon = bracket[1] == ':' ? bracket + 1 : NULL; end = bracket; door++;
  } else if (colon && strchr(door, ':') == colon) { end = colon; } else { colon = NULL; }
  if (end - door > 255 || (colon && strlen(colon + 1) > 7)) return 0;
  memcpy(host, door, (size_t)(end - door)); host[end - door] = '\0';
  if (colon) memcpy(port, colon + 1, strlen(colon + 1) + 1);
  return 1;
}
int od_connect(od_client *client, const char *door, const od_options *options,
               void (*on_event)(void *user, const od_event *event), void *user) {
  static const od_host host = {od__on_open, od__on_send, od__on_close, od__system_random, od__on_event};
  char name[256], port[8];
  struct addrinfo hints, *found = NULL, *each;
  od_endpoint doors[OD_DOORS]; od_input in;
#ifdef _WIN32
  WSADATA data; if (WSAStartup(MAKEWORD(2, 2), &data) != 0) return -1;
#endif
  memset(client, 0, sizeof *client); client->on_event = on_event; client->user = user;
  memset(&hints, 0, sizeof hints); hints.ai_socktype = SOCK_DGRAM;
  if (!od__split_door(door, name, port) || getaddrinfo(name, port, &hints, &found) != 0) return -1;
  memset(&in, 0, sizeof in); in.type = OD_IN_START; in.doors = doors;
  for (each = found; each && in.count < OD_DOORS; each = each->ai_next) {
    struct sockaddr_storage address;
    memset(&address, 0, sizeof address); memcpy(&address, each->ai_addr, (size_t)each->ai_addrlen);
    if (od__from_sockaddr(&address, &doors[in.count])) in.count++;
  }
  freeaddrinfo(found); if (in.count == 0) return -1;
  od_init(&client->session, options, &host, client); od_step(&client->session, od_now_ms(), &in); return 0;
}
void od_sent(od_client *client, uint32_t count) { od__input(client, OD_IN_SENT, count, 0); }
void od_received(od_client *client) { od__input(client, OD_IN_RECEIVED, 0, 0); }
void od_lost(od_client *client) { od__input(client, OD_IN_LOST, 0, 0); }
void od_close(od_client *client) { od__input(client, OD_IN_CLOSE, 0, 0); }
void od_destroy(od_client *client) {
  for (int i = 0; i < OD_CHANNELS; i++)
    if (client->kinds[i] != OD__FREE) od__on_close(client, client->channels[i]);
}
#endif /* ONEDOOR_SOCKETS */
#endif /* ONEDOOR_IMPLEMENTED */
#endif /* ONEDOOR_IMPLEMENTATION */
