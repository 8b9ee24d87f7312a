// An empty game loop: Loop.exe [door]. Ends with Ctrl-C.
using System;
using System.Threading;
using Onedoor;

internal static class Loop
{
  private static void Main(string[] args)
  {
    Session session = Session.Connect(args.Length > 0 ? args[0] : "127.0.0.1");
    session.Assigned += e => Console.WriteLine("playing on {0}, found by {1}", e.Server.Id, e.Via);
    session.Lost += e => Console.WriteLine("lost {0}: {1}", e.Server.Id, e.Reason);
    session.Reassigned += e => Console.WriteLine("now on {0}", e.Server.Id);
    session.Refused += e => Console.WriteLine("{0}, again in {1} ms", e.Code, e.RetryInMs);
    for (; !session.IsClosed; Thread.Sleep(16)) session.Update();
  }
}
