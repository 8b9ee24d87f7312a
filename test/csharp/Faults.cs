// Plays sessions against doors and prints what each tells: faults DEADLINE_MS HTTP PORT:EVENTS:LINGER_MS ...
// Each line is: PORT event server via reason code retry_in_ms. HTTP is 1 or 0: whether the door is asked over HTTP too.
// All
// sessions run at once, until each has had its EVENTS and was watched for LINGER_MS more, or the deadline is over.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using Onedoor;

internal static class Faults
{
  private sealed class Game
  {
    public Session Session;
    public int Port, Wanted, Seen;
    public long LingerMs, HadAllAtMs;
  }

  public static int Run(string[] args)
  {
    long deadlineMs = long.Parse(args[1]);
    var watch = Stopwatch.StartNew();
    var games = new List<Game>();
    for (int i = 3; i < args.Length; i++)
    {
      string[] parts = args[i].Split(':');
      var game = new Game { Port = int.Parse(parts[0]), Wanted = int.Parse(parts[1]), LingerMs = long.Parse(parts[2]) };
      string address = "127.0.0.1:" + game.Port;
      game.Session = Session.Connect(
        new SessionOptions { Door = address, Http = args[2] == "1" ? "http://" + address + "/" : null });
      Listen(game, watch);
      games.Add(game);
    }
    while (games.Count > 0 && watch.ElapsedMilliseconds < deadlineMs)
    {
      foreach (Game game in games) game.Session.Update();
      games.RemoveAll(game => IsOver(game, watch));
      Thread.Sleep(2);
    }
    foreach (Game game in games) game.Session.Dispose();
    return games.Count;
  }

  private static bool IsOver(Game game, Stopwatch watch)
  {
    bool hadAll = game.Seen >= game.Wanted && watch.ElapsedMilliseconds - game.HadAllAtMs >= game.LingerMs;
    if (hadAll) game.Session.Dispose();
    return hadAll;
  }

  private static void Listen(Game game, Stopwatch watch)
  {
    Action<string, SessionEvent> tell = (name, what) =>
    {
      bool hasVia = name == "assigned" || name == "reassigned";
      Console.WriteLine(string.Join(" ", new[]
      {
        game.Port.ToString(),
        name,
        what.Server == null || what.Server.Id == "" ? "-" : what.Server.Id,
        hasVia ? what.Via.ToString().ToLowerInvariant() : "-",
        name == "lost" ? what.Reason.ToString().ToLowerInvariant() : "-",
        what.Code ?? "-",
        what.RetryInMs.ToString(),
      }));
      if (++game.Seen == game.Wanted) game.HadAllAtMs = watch.ElapsedMilliseconds;
    };
    game.Session.Assigned += what => tell("assigned", what);
    game.Session.Lost += what => tell("lost", what);
    game.Session.Reassigned += what => tell("reassigned", what);
    game.Session.Moving += what => tell("moving", what);
    game.Session.Refused += what => tell("waiting", what);
    game.Session.TicketRefused += what => tell("ticket-refused", what);
    game.Session.Failed += what => tell("failed", what);
  }
}
