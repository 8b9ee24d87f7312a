/* Reads packets as lines of text and tells what onedoor.h makes of them, for test/sandbox/client-c.test.ts:
 *   R type hex         a response: its fields as JSON, or {"reason": number}
 *   Q padTo key=hex... a request: its bytes as hex
 *   F hex              the bytes of a stream: lengths of its packets, then a reason if it ends in one
 *   C family type      a classic request as hex */
#define ONEDOOR_IMPLEMENTATION
#include "onedoor.h"
#include <stdio.h>
#include <stdlib.h>

static uint8_t bytes[70000];

static size_t unhex(const char *text, uint8_t *out) {
  size_t n = 0;
  unsigned value;
  while (sscanf(text + 2 * n, "%2x", &value) == 1) out[n++] = (uint8_t)value;
  return n;
}

static void hex(od_bytes value) {
  size_t i;
  for (i = 0; i < value.length; i++) printf("%02x", value.data[i]);
}
static od_bytes view(const uint8_t *data, size_t length) {
  od_bytes value;
  value.data = data;
  value.length = length;
  return value;
}
static void field(const char *name, od_bytes value) {
  if (value.data == NULL) return;
  printf(",\"%s\":\"", name);
  hex(value);
  printf("\"");
}
static void text(const char *name, od_bytes value) {
  size_t i;
  if (value.data == NULL) return;
  printf(",\"%s\":\"", name);
  for (i = 0; i < value.length; i++) {
    const uint8_t c = value.data[i];
    if (c < 0x20 || c == '"' || c == '\\') printf("\\u%04x", c);
    else putchar(c);
  }
  printf("\"");
}
static unsigned u16(const uint8_t *at) { return (unsigned)(at[0] << 8 | at[1]); }
static void ports(od_bytes value) {
  size_t i;
  printf(",\"ports\":[");
  for (i = 0; i < value.length; i += 3)
    printf("%s{\"role\":%u,\"port\":%u}", i ? "," : "", value.data[i], u16(value.data + i + 1));
  printf("]");
}

static void response(unsigned type, const char *line) {
  od_response r;
  const int reason = od_read_response(bytes, unhex(line, bytes), (uint16_t)type, &r);
  size_t i;
  if (reason) {
    printf("{\"reason\":%d}\n", reason);
    return;
  }
  printf("{\"classic\":%d", r.classic);
  field("address", view(r.address, r.classic == 4 ? 4 : 16));
  if (!r.classic) field("nonce", view(r.nonce, 8));
  text("ticket", r.ticket);
  field("cookie", r.cookie);
  text("wait", r.wait);
  text("server", r.server);
  if (r.ports.data) ports(r.ports);
  field("otherAddress", r.other_address);
  if (r.has_keepalive)
    printf(",\"keepalive\":{\"intervalSeconds\":%u,\"transmissions\":%u,\"timeoutMs\":%u}", r.interval_s,
           r.transmissions, r.timeout_ms);
  if (r.alternates.data) {
    printf(",\"alternates\":[");
    for (i = 0; i < r.alternates.length; i += 20) {
      printf("%s{\"gamePort\":%u,\"probePort\":%u", i ? "," : "", u16(r.alternates.data + i + 16),
             u16(r.alternates.data + i + 18));
      field("address", view(r.alternates.data + i, 16));
      printf("}");
    }
    printf("]");
  }
  if (r.has_moving) printf(",\"movingMs\":%lu", (unsigned long)r.moving_ms);
  field("rosterPage", r.roster_page);
  field("lobbyPage", r.lobby_page);
  if (r.has_error) {
    printf(",\"error\":{\"code\":%u,\"retryAfterMs\":%lu", r.error, (unsigned long)r.retry_after_ms);
    text("reason", r.reason);
    printf("}");
  }
  printf("}\n");
}

static void request(char *line) {
  static uint8_t values[16][2048];
  uint8_t out[OD_MAX_PACKET];
  od_request asked;
  size_t n = 0, length, pad_to = (size_t)strtoul(line, &line, 10);
  char *token;
  memset(&asked, 0, sizeof asked);
  for (token = strtok(line, " \n"); token; token = strtok(NULL, " \n"), n++) {
    char *value = strchr(token, '=');
    od_bytes given;
    *value++ = '\0';
    given = view(values[n], unhex(value, values[n]));
    if (!strcmp(token, "address")) asked.address = given.data;
    else if (!strcmp(token, "nonce")) asked.nonce = given.data;
    else if (!strcmp(token, "app")) asked.app = given;
    else if (!strcmp(token, "world")) asked.world = given;
    else if (!strcmp(token, "group")) asked.group = given;
    else if (!strcmp(token, "client")) asked.client = given;
    else if (!strcmp(token, "ticket")) asked.ticket = given;
    else if (!strcmp(token, "avoid")) asked.avoid = given;
    else if (!strcmp(token, "cookie")) asked.cookie = given;
    else if (!strcmp(token, "wait")) asked.wait = given;
    else if (!strcmp(token, "pick")) asked.pick = given;
    else if (!strcmp(token, "want")) asked.want = given.data[0];
    else if (!strcmp(token, "report")) asked.report = given.data[0];
    else if (!strcmp(token, "leave")) asked.leave = 1;
    else if (!strcmp(token, "page")) asked.has_page = 1, asked.page = (uint16_t)u16(given.data);
  }
  length = od_write_request(out, &asked, OD_PROBE_TYPE, pad_to);
  printf("\"");
  hex(view(out, length));
  printf("\"\n");
}

static void frames(const char *line) {
  const size_t length = unhex(line, bytes);
  size_t at = 0;
  int next;
  printf("[");
  while ((next = od_frame(bytes + at, length - at)) > 0 && (size_t)next <= length - at) {
    printf("%s%d", at ? "," : "", next);
    at += (size_t)next;
  }
  if (next < 0) printf("%s%d", at ? "," : "", next);
  printf("]\n");
}

int main(void) {
  static char line[150000];
  while (fgets(line, sizeof line, stdin)) {
    char *rest = line + 2;
    if (line[0] == 'R') {
      const unsigned type = (unsigned)strtoul(rest, &rest, 10);
      response(type, rest + 1);
    } else if (line[0] == 'Q') {
      request(rest);
    } else if (line[0] == 'F') {
      frames(rest);
    } else if (line[0] == 'C') {
      const int family = (int)strtol(rest, &rest, 10);
      uint8_t out[20];
      printf("\"");
      hex(view(out, od_write_classic(out, family, (uint16_t)strtoul(rest, NULL, 10))));
      printf("\"\n");
    }
  }
  return 0;
}
