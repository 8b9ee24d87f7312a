/*
 * A whole client of the door in C99: the classic probe of docs/PROTOCOL.md, section 1.
 *   probe ADDRESS PORT COUNT
 * sends COUNT requests of 8 bytes, one after the other, and prints the address in each answer. Exit code 1: one of them
 * was not answered within a second.
 */
#define _POSIX_C_SOURCE 200112L
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

int main(int argc, char **argv) {
  /* Length, Type, and the client's own address, which may be all zeroes. */
  const unsigned char request[8] = {0x00, 0x08, 0xff, 0xff, 0, 0, 0, 0};
  unsigned char answer[64];
  char text[INET_ADDRSTRLEN];
  const struct timeval second = {1, 0};
  struct sockaddr_in door;
  int door_socket, left;

  if (argc != 4) {
    fprintf(stderr, "usage: probe ADDRESS PORT COUNT\n");
    return 2;
  }
  memset(&door, 0, sizeof door);
  door.sin_family = AF_INET;
  door.sin_port = htons((unsigned short)atoi(argv[2]));
  if (inet_pton(AF_INET, argv[1], &door.sin_addr) != 1) return 2;
  door_socket = socket(AF_INET, SOCK_DGRAM, 0);
  setsockopt(door_socket, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
  /* Connected: answers from elsewhere never arrive. */
  if (connect(door_socket, (struct sockaddr *)&door, sizeof door) != 0) return 2;

  for (left = atoi(argv[3]); left > 0; left--) {
    if (send(door_socket, request, sizeof request, 0) != sizeof request) return 1;
    if (recv(door_socket, answer, sizeof answer, 0) != sizeof request) return 1;
    if (memcmp(answer, request, 4) != 0) return 1;
    puts(inet_ntop(AF_INET, answer + 4, text, sizeof text));
  }
  return 0;
}
