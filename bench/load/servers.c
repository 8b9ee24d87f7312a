/* Answers the keepalives of every server of a bench at once: each server has an address of its own in 127.0.0.0/8, from
 * 127.1.0.0 on, and the answer to it is ready but for the nonce. SIGUSR1: they all fall silent. Loopback only.
 * cc -O2 -o servers servers.c && ./servers PORT SERVERS ANSWER_BYTES NONCE_IN_REQUEST NONCE_IN_ANSWER NONCE_BYTES < answers */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, REQUEST = 128, MOST = 128, FIRST = 0x7f010000 };

static volatile sig_atomic_t silent;

static void fall_silent(int signal) {
  (void)signal;
  silent = 1;
}

int main(int argc, char **argv) {
  if (argc != 7) return fprintf(stderr, "usage: see servers.c\n"), 2;
  int port = atoi(argv[1]);
  size_t servers = atoi(argv[2]), length = atoi(argv[3]), from = atoi(argv[4]), to = atoi(argv[5]), nonce = atoi(argv[6]);
  if (length > MOST || from + nonce > REQUEST || to + nonce > length) return fprintf(stderr, "bad lengths\n"), 2;
  unsigned char *answers = malloc(servers * length);
  if (fread(answers, length, servers, stdin) != servers) return fprintf(stderr, "too few answers\n"), 2;
  int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1, size = 4 << 20;
  setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (bind(fd, (struct sockaddr *)&here, sizeof here) != 0) return perror("bind"), 1;
  signal(SIGUSR1, fall_silent);
  puts("ready");
  fflush(stdout);

  static unsigned char requests[BATCH][REQUEST], controls[BATCH][256];
  static struct sockaddr_in clients[BATCH];
  struct mmsghdr messages[BATCH], replies[BATCH];
  struct iovec in[BATCH], out[BATCH];
  for (;;) {
    for (int i = 0; i < BATCH; i++) {
      in[i] = (struct iovec){requests[i], REQUEST};
      messages[i].msg_hdr = (struct msghdr){.msg_name = &clients[i], .msg_namelen = sizeof clients[i], .msg_iov = &in[i],
        .msg_iovlen = 1, .msg_control = controls[i], .msg_controllen = sizeof controls[i]};
    }
    int got = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL), count = 0;
    for (int i = 0; i < got && !silent; i++) {
      struct cmsghdr *control = CMSG_FIRSTHDR(&messages[i].msg_hdr);
      if (!control || control->cmsg_type != IP_PKTINFO || messages[i].msg_len < from + nonce) continue;
      struct in_pktinfo *info = (struct in_pktinfo *)CMSG_DATA(control);
      size_t server = ntohl(info->ipi_addr.s_addr) - FIRST;
      if (server >= servers) continue;
      unsigned char *answer = answers + server * length;
      memcpy(answer + to, requests[i] + from, nonce);
      info->ipi_spec_dst = info->ipi_addr;
      info->ipi_ifindex = 0;
      out[count] = (struct iovec){answer, length};
      replies[count].msg_hdr = messages[i].msg_hdr;
      replies[count].msg_hdr.msg_iov = &out[count];
      count++;
    }
    for (int sent = 0; sent < count;) {
      int now = sendmmsg(fd, replies + sent, count - sent, 0);
      if (now <= 0) break;
      sent += now;
    }
  }
}
