/* The C echo that gateways are measured against: 64 classic probes in one recvmmsg, each answered with the next of 100
 * addresses, one sendmmsg. cc -O2 -o echo echo.c && ./echo PORT */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, ROOM = 64, ADDRESSES = 100 };

int main(int argc, char **argv) {
  if (argc != 2) return fprintf(stderr, "usage: echo PORT\n"), 2;
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(0x7f000001)};
  int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 4 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  if (bind(fd, (struct sockaddr *)&own, sizeof own) != 0) return perror("bind"), 1;
  static unsigned char packets[BATCH][ROOM];
  struct sockaddr_in names[BATCH];
  struct iovec io[BATCH];
  struct mmsghdr messages[BATCH];
  uint32_t addresses[ADDRESSES];
  for (int i = 0; i < ADDRESSES; i++) addresses[i] = htonl(0xC6336401 + i); /* 198.51.100.1 and on */
  for (unsigned next = 0;;) {
    for (int i = 0; i < BATCH; i++) {
      io[i] = (struct iovec){packets[i], ROOM};
      messages[i].msg_hdr =
          (struct msghdr){.msg_name = &names[i], .msg_namelen = sizeof names[i], .msg_iov = &io[i], .msg_iovlen = 1};
    }
    int count = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
    for (int i = 0; i < count; i++) {
      io[i].iov_len = messages[i].msg_len;
      if (messages[i].msg_len >= 8) memcpy(packets[i] + 4, &addresses[next++ % ADDRESSES], 4);
    }
    for (int sent = 0; sent < count;) {
      int more = sendmmsg(fd, messages + sent, count - sent, 0);
      if (more <= 0) break;
      sent += more;
    }
  }
}
