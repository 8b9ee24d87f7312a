/* Clients for bench/gateway-peers.ts: many sockets, each with WINDOW requests outstanding (or RATE a second in all), every
 * reply checked, for SECONDS. Prints one line of JSON; times in microseconds. Loopback targets only.
 * cc -O2 -o clients clients.c && ./clients KIND PORT SOCKETS WINDOW SECONDS RATE
 * KIND: probe (8 bytes), seat (800 bytes, each with a new nonce, shows the cookie that it is given), again (the same nonce
 * each time), sip (REGISTER for a 302), stun (ALLOCATE for a 300), dns (A), http (GET, or POST with the body in the
 * environment variable BODY, on connections kept open). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PROBE, SEAT, AGAIN, SIP, STUN, DNS, HTTP };
enum { BATCH = 64, ROOM = 2048, RING = 2048, BUCKETS = 1 << 20, COOKIE_AT = 31, LOST_NS = 1000000000 };
static const char *KINDS[] = {"probe", "seat", "again", "sip", "stun", "dns", "http"};

struct client {
  int fd, length;
  uint64_t sent_at[RING], last_ns;
  unsigned sent, answered;
  unsigned char request[ROOM];
};

static int kind;
static uint32_t histogram[BUCKETS];
static int reason;
static long received, refused, wrong, lost, late;
static uint32_t nonces, run_id;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static double percentile(double share) {
  uint64_t all = 0, seen = 0;
  for (int at = 0; at < BUCKETS; at++) all += histogram[at];
  for (int at = 0; at < BUCKETS; at++)
    if ((seen += histogram[at]) > all * share) return at;
  return 0;
}

/* Padded to 800 bytes, as a client asks a door: mapped address, nonce, cookie (once it has one), padding. */
static void write_seat(struct client *c) {
  unsigned char *p = c->request;
  memset(p, 0, 800);
  p[0] = 800 >> 8, p[1] = 800 & 255, p[2] = p[3] = 255, p[14] = p[15] = 255, p[16] = 127, p[19] = 1;
  p[20] = 1, p[22] = 8; /* nonce: option at 20, value at 23 */
  p[COOKIE_AT] = 0, p[COOKIE_AT + 1] = (800 - COOKIE_AT - 3) >> 8, p[COOKIE_AT + 2] = (800 - COOKIE_AT - 3) & 255;
  c->length = 800;
}

static void show_cookie(struct client *c, const unsigned char *cookie) {
  unsigned char *p = c->request + COOKIE_AT;
  p[0] = 8, p[1] = 0, p[2] = 20, memcpy(p + 3, cookie, 20);
  int at = COOKIE_AT + 23;
  c->request[at] = 0, c->request[at + 1] = (800 - at - 3) >> 8, c->request[at + 2] = (800 - at - 3) & 255;
}

static void prepare(struct client *c, int number) {
  static const unsigned char dns[] = "\0\0\1\0\0\1\0\0\0\0\0\0\3www\4test\3lan\0\0\1\0\1";
  static const unsigned char stun[] = "\0\3\0\10\x21\x12\xa4\x42\0\0\0\0onedoor!\0\x19\0\4\x11\0\0\0";
  char *text = (char *)c->request;
  if (kind == PROBE) memcpy(c->request, "\0\10\377\377\177\0\0\1", c->length = 8);
  if (kind == SEAT || kind == AGAIN) write_seat(c);
  if (kind == DNS) memcpy(c->request, dns, c->length = sizeof dns - 1);
  if (kind == STUN) memcpy(c->request, stun, c->length = sizeof stun - 1);
  if (kind == SIP)
    c->length = sprintf(text,
                        "REGISTER sip:test.lan SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bK00000000\r\n"
                        "Max-Forwards: 70\r\nFrom: <sip:u%d@test.lan>;tag=t%d\r\nTo: <sip:u%d@test.lan>\r\n"
                        "Call-ID: c%d@127.0.0.1\r\nCSeq: 1 REGISTER\r\nContact: <sip:u%d@127.0.0.1>\r\nExpires: 60\r\n"
                        "Content-Length: 0\r\n\r\n",
                        number, number, number, number, number);
  if (kind == HTTP) {
    const char *body = getenv("BODY");
    if (body)
      c->length = sprintf(text,
                          "POST /v1/assignments HTTP/1.1\r\nHost: test.lan\r\nContent-Type: application/json\r\n"
                          "Content-Length: %zu\r\n\r\n%s",
                          strlen(body), body);
    else c->length = sprintf(text, "GET / HTTP/1.1\r\nHost: test.lan\r\n\r\n");
  }
}

/* The number of a request stands where its reply repeats it; classic probes have no room for one. */
static void number_request(struct client *c, unsigned char *p, unsigned id) {
  static const char hex[] = "0123456789abcdef";
  if (kind == DNS) p[0] = id >> 8, p[1] = id;
  if (kind == STUN) p[8] = id >> 8, p[9] = id;
  if (kind == SIP)
    for (int k = 0; k < 4; k++) ((unsigned char *)memmem(p, c->length, "z9hG4bK", 7))[7 + k] = hex[id >> (12 - 4 * k) & 15];
  if (kind == SEAT || kind == AGAIN) {
    uint32_t nonce = kind == AGAIN ? (uint32_t)c->fd : ++nonces;
    memcpy(p + 23, &nonce, 4), memcpy(p + 27, &run_id, 2), p[29] = id >> 8, p[30] = id;
    if (kind == AGAIN) p[29] = p[30] = 0;
  }
}

static long number_of(const unsigned char *p, int length) {
  if (kind == DNS) return p[0] << 8 | p[1];
  if (kind == STUN) return p[8] << 8 | p[9];
  if (kind == SEAT) return p[29] << 8 | p[30];
  const char *branch = kind == SIP ? memmem(p, length, "z9hG4bK", 7) : NULL;
  if (!branch) return -1;
  char id[5] = {branch[7], branch[8], branch[9], branch[10], 0};
  return strtol(id, NULL, 16);
}

enum verdict { GOOD, REFUSED, WRONG };

/* An assignment has a ticket; a cookie is taken note of. */
static enum verdict judge_seat(struct client *c, const unsigned char *p, int length) {
  if (length < 31 || (p[0] << 8 | p[1]) != length || p[20] != 1) return WRONG;
  enum verdict verdict = WRONG;
  for (int at = 20; at + 3 <= length; at += 3 + (p[at + 1] << 8 | p[at + 2])) {
    if (p[at] == 6) verdict = GOOD;
    if (p[at] == 8) show_cookie(c, p + at + 3);
    if (p[at] == 0xe0) verdict = REFUSED, reason = p[at + 4];
  }
  return verdict;
}

static enum verdict judge(struct client *c, const unsigned char *p, int length) {
  if (kind == PROBE) return length == 8 && !memcmp(p, "\0\10\377\377", 4) && memcmp(p + 4, "\0\0\0\0", 4) ? GOOD : WRONG;
  if (kind == SEAT || kind == AGAIN) return judge_seat(c, p, length);
  if (kind == DNS) return length > 28 && (p[3] & 15) == 0 && p[7] >= 1 ? GOOD : WRONG;
  if (kind == STUN) return length >= 20 && p[0] == 1 && p[1] == 0x13 && memmem(p, length, "\x80\x23", 2) ? GOOD : WRONG;
  if (kind == SIP) return length > 12 && !memcmp(p, "SIP/2.0 302", 11) ? GOOD : WRONG;
  return length > 12 && (!memcmp(p + 9, "302", 3) || !memcmp(p + 9, "201", 3)) ? GOOD : WRONG;
}

static void ask(struct client *c, int count) {
  static unsigned char packets[BATCH][ROOM];
  static struct iovec io[BATCH];
  static struct mmsghdr messages[BATCH];
  if (count > BATCH) count = BATCH;
  uint64_t at = now_ns();
  for (int i = 0; i < count; i++) {
    memcpy(packets[i], c->request, c->length);
    number_request(c, packets[i], (c->sent + i) & 0xffff);
    io[i] = (struct iovec){packets[i], c->length};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &io[i], .msg_iovlen = 1};
    c->sent_at[(c->sent + i) % RING] = at;
  }
  int sent = sendmmsg(c->fd, messages, count, 0);
  if (sent > 0) c->sent += sent;
}

/* 1: a reply to something outstanding. */
static void take(struct client *c, const unsigned char *p, int length) {
  if (c->answered == c->sent) {
    late++;
    return;
  }
  enum verdict verdict = judge(c, p, length);
  long id = number_of(p, length);
  uint64_t us = (now_ns() - c->sent_at[(id < 0 ? c->answered : (unsigned)id) % RING]) / 1000;
  c->answered++;
  if (verdict == WRONG) wrong++;
  else if (verdict == REFUSED) refused++;
  else received++, histogram[us < BUCKETS ? us : BUCKETS - 1]++;
}

static void receive_http(struct client *c) {
  static char text[65536];
  int length = recv(c->fd, text, sizeof text - 1, 0);
  if (length <= 0) return;
  text[length] = 0;
  /* One request at a time on a connection: a reply comes in one piece. */
  take(c, (unsigned char *)text, length);
}

static void receive(struct client *c) {
  static unsigned char packets[BATCH][ROOM];
  static struct iovec io[BATCH];
  static struct mmsghdr messages[BATCH];
  for (int i = 0; i < BATCH; i++) {
    io[i] = (struct iovec){packets[i], ROOM};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &io[i], .msg_iovlen = 1};
  }
  int count = recvmmsg(c->fd, messages, BATCH, MSG_DONTWAIT, NULL);
  for (int i = 0; i < count; i++) take(c, packets[i], messages[i].msg_len);
}

static void give_up(struct client *c, uint64_t at) {
  if (c->sent != c->answered && at > c->last_ns + LOST_NS) lost += c->sent - c->answered, c->answered = c->sent, c->last_ns = at;
}

int main(int argc, char **argv) {
  if (argc != 7) return fprintf(stderr, "usage: clients KIND PORT SOCKETS WINDOW SECONDS RATE\n"), 2;
  while (strcmp(KINDS[kind], argv[1]) != 0) kind++;
  int sockets = atoi(argv[3]), window = atoi(argv[4]), poll = epoll_create1(0), size = 4 << 20, one = 1;
  double seconds = atof(argv[5]), rate = atof(argv[6]);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2])), .sin_addr.s_addr = htonl(0x7f000001)};
  struct client *clients = calloc(sockets, sizeof *clients);
  run_id = getpid();
  prctl(PR_SET_TIMERSLACK, 1);
  for (int i = 0; i < sockets; i++) {
    struct client *c = &clients[i];
    c->fd = socket(AF_INET, kind == HTTP ? SOCK_STREAM : SOCK_DGRAM, 0);
    if (kind == HTTP) setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    else setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0) return perror("connect"), 1;
    prepare(c, i);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(poll, EPOLL_CTL_ADD, c->fd, &event);
  }
  uint64_t start = now_ns(), end = start + seconds * 1e9, checked = start, at;
  long due_before = 0, asked = 0, skipped = 0;
  for (int i = 0; i < sockets; i++) clients[i].last_ns = start;
  while ((at = now_ns()) < end) {
    if (rate > 0)
      for (long due = (at - start) * 1e-9 * rate; due_before < due; due_before++) {
        struct client *c = &clients[asked++ % sockets];
        if (c->sent - c->answered < RING) ask(c, 1);
        else skipped++;
      }
    else
      for (int i = 0; i < sockets; i++)
        if ((int)(clients[i].sent - clients[i].answered) <= window / 2 || window == 1)
          if ((int)(clients[i].sent - clients[i].answered) < window) ask(&clients[i], window - (clients[i].sent - clients[i].answered));
    struct epoll_event events[256];
    struct timespec wait = {0, rate > 0 ? 15000 : 2000000};
    int count = epoll_pwait2(poll, events, 256, &wait, NULL);
    for (int i = 0; i < count; i++) {
      struct client *c = events[i].data.ptr;
      if (kind == HTTP) receive_http(c);
      else receive(c);
      c->last_ns = now_ns();
    }
    if (at - checked > 100000000) {
      checked = at;
      for (int i = 0; i < sockets; i++) give_up(&clients[i], at);
    }
  }
  long outstanding = 0;
  for (int i = 0; i < sockets; i++) outstanding += clients[i].sent - clients[i].answered;
  printf("{\"received\":%ld,\"refused\":%ld,\"reason\":%d,\"wrong\":%ld,\"lost\":%ld,\"late\":%ld,\"outstanding\":%ld,\"skipped\":%ld,"
         "\"seconds\":%.3f,\"p50\":%.0f,\"p99\":%.0f}\n",
         received, refused, reason, wrong, lost, late, outstanding, skipped, (now_ns() - start) / 1e9, percentile(.5), percentile(.99));
  return 0;
}
