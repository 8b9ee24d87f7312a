/* Plays sessions against doors and prints what each tells: faults PORT:EVENTS:LINGER_MS ...
 * Each line is: PORT event server via reason code retry_in_ms. All sessions run at once, until each has had its EVENTS and
 * was watched for LINGER_MS more, or DEADLINE_MS (environment, 60000 if it is not set) is over. */
#define ONEDOOR_IMPLEMENTATION
#define ONEDOOR_SOCKETS
#include "onedoor.h"
#include <stdio.h>
#include <stdlib.h>
#ifdef _WIN32
static void nap(void) { Sleep(2); }
#else
static void nap(void) { poll(NULL, 0, 2); }
#endif

#define MOST 128

typedef struct game {
  od_client client;
  int port, wanted, seen, over;
  uint32_t linger_ms, had_all_at;
} game;

static game games[MOST];

static void on_event(void *user, const od_event *event) {
  static const char *const names[] = {"",         "assigned",       "lost",   "reassigned", "moving",
                                      "waiting",  "ticket-refused", "failed", "closed"};
  static const char *const reasons[] = {"-", "silent", "refused", "reported"};
  static const char *const vias[] = {"-", "udp", "tcp"};
  game *g = (game *)user;
  if (event->type == OD_CLOSED) {
    g->over = 1;
    return;
  }
  printf("%d %s %s %s %s %s %lu\n", g->port, names[event->type],
         event->server && event->server->id[0] ? event->server->id : "-", vias[event->via], reasons[event->reason],
         event->code ? od_code_name(event->code) : "-", (unsigned long)event->retry_in_ms);
  fflush(stdout);
  if (++g->seen == g->wanted) g->had_all_at = od_now_ms();
}

int main(int argc, char **argv) {
  const char *deadline = getenv("DEADLINE_MS");
  const uint32_t started = od_now_ms(), most = deadline ? (uint32_t)strtoul(deadline, NULL, 10) : 60000;
  int i, busy = 1;
  for (i = 1; i < argc && i <= MOST; i++) {
    game *g = &games[i - 1];
    char door[32], *rest;
    g->port = (int)strtol(argv[i], &rest, 10);
    g->wanted = (int)strtol(rest + 1, &rest, 10);
    g->linger_ms = (uint32_t)strtoul(rest + 1, NULL, 10);
    sprintf(door, "127.0.0.1:%d", g->port);
    if (od_connect(&g->client, door, NULL, on_event, g) != 0) return 2;
  }
  while (busy && od_now_ms() - started < most) {
    busy = 0;
    for (i = 0; i < argc - 1; i++) {
      game *g = &games[i];
      if (g->over) continue;
      busy = 1;
      od_update(&g->client);
      if (g->seen >= g->wanted && od_now_ms() - g->had_all_at >= g->linger_ms) {
        od_destroy(&g->client);
        g->over = 1;
      }
    }
    nap();
  }
  for (i = 0; i < argc - 1; i++) od_destroy(&games[i].client);
  return busy;
}
