// Counts what a session costs the garbage collector while nothing happens: idle PORT. Half a million updates that took
// 24 bytes each would fill the nursery of 4 MiB three times; the keepalives in between take some KiB.
using System;
using System.Threading;
using Onedoor;

internal static class Idle
{
  public static int Run(string[] args)
  {
    Session session = Session.Connect("127.0.0.1:" + args[1]);
    bool isAssigned = false;
    session.Assigned += e => isAssigned = true;
    for (int frames = 0; frames < 5000 && (!isAssigned || frames < 100); frames++)
    {
      session.Update();
      Thread.Sleep(2);
    }
    GC.Collect();
    int before = GC.CollectionCount(0);
    for (int i = 0; i < 500000; i++) session.Update();
    int collections = GC.CollectionCount(0) - before;
    session.Dispose();
    Console.WriteLine(isAssigned ? collections + " collections" : "no server");
    return 0;
  }
}
