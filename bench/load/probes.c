/* Closed-loop load of classic probes for bench/gateway.ts: keeps WINDOW probes outstanding for SECONDS and prints how
 * many replies came; a reply that is no classic packet, or names no server, is wrong. Loopback targets only.
 * cc -O2 -o probes probes.c && ./probes 127.0.0.1 7000 64 3 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, PACKET = 8 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static unsigned char request[PACKET] = {0, 8, 255, 255, 192, 168, 1, 7};
static unsigned char replies[BATCH][64];

static int is_wrong(const unsigned char *reply, unsigned length) {
  static const unsigned char none[4];
  return length != PACKET || memcmp(reply, request, 4) != 0 || memcmp(reply + 4, none, 4) == 0;
}

static int send_some(int fd, int count) {
  struct mmsghdr messages[BATCH];
  struct iovec io = {request, PACKET};
  memset(messages, 0, sizeof messages);
  for (int i = 0; i < count; i++) messages[i].msg_hdr.msg_iov = &io, messages[i].msg_hdr.msg_iovlen = 1;
  int sent = sendmmsg(fd, messages, count, 0);
  return sent < 0 ? 0 : sent;
}

int main(int argc, char **argv) {
  if (argc != 5 || strncmp(argv[1], "127.", 4) != 0) {
    fprintf(stderr, "usage: probes 127.x.y.z PORT WINDOW SECONDS\n");
    return 2;
  }
  int window = atoi(argv[3]);
  double end = now() + atof(argv[4]);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
  inet_pton(AF_INET, argv[1], &to.sin_addr);
  int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 4 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) return perror("connect"), 1;

  struct mmsghdr messages[BATCH];
  struct iovec io[BATCH];
  memset(messages, 0, sizeof messages);
  for (int i = 0; i < BATCH; i++) {
    io[i] = (struct iovec){replies[i], sizeof replies[i]};
    messages[i].msg_hdr.msg_iov = &io[i], messages[i].msg_hdr.msg_iovlen = 1;
  }
  long received = 0, wrong = 0, lost = 0, outstanding = 0;
  double start = now();
  while (now() < end) {
    while (outstanding < window) {
      long want = window - outstanding;
      int sent = send_some(fd, want > BATCH ? BATCH : (int)want);
      if (sent == 0) break;
      outstanding += sent;
    }
    struct pollfd waiting = {fd, POLLIN, 0};
    if (poll(&waiting, 1, 200) == 0) { /* what is still out is lost: start over */
      lost += outstanding, outstanding = 0;
      continue;
    }
    int got = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < got; i++)
      if (is_wrong(replies[i], messages[i].msg_len)) wrong++;
    if (got > 0) received += got, outstanding -= got;
    if (outstanding < 0) outstanding = 0;
  }
  printf("{\"received\":%ld,\"wrong\":%ld,\"lost\":%ld,\"seconds\":%.3f}\n", received, wrong, lost, now() - start);
  return 0;
}
