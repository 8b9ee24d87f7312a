#define ONEDOOR_IMPLEMENTATION
#define ONEDOOR_SOCKETS
#include "onedoor.h"
#include <stdio.h>

static void on_event(void *user, const od_event *event) {
  (void)user;
  if (event->type == OD_CONNECTED || event->type == OD_REASSIGNED) printf("playing on %s\n", event->server->id);
  if (event->type == OD_LOST) printf("lost %s\n", event->server->id);
  if (event->type == OD_REFUSED) printf("%s, again in %u ms\n", od_code_name(event->code), (unsigned)event->retry_in_ms);
  fflush(stdout);
}

int main(int argc, char **argv) {
  static od_client client;
  if (od_connect(&client, argc > 1 ? argv[1] : "127.0.0.1", NULL, on_event, NULL) != 0) return 1;
  for (;;) {
    od_update(&client); /* each frame: never blocks */
#ifdef _WIN32
    Sleep(16);
#else
    poll(NULL, 0, 16);
#endif
  }
}
