// What a session does and when, on a virtual clock: steps. Prints a line for each step, "ok" or what was otherwise.
using System;
using System.Collections.Generic;
using System.Linq;
using Onedoor;

internal static partial class Steps
{
  private static int _failed;

  public static int Run()
  {
    Step("asks from three ports with one nonce, then by TCP, then over HTTP", AsksTheDoor);
    Step("waits longer each time, at random", WaitsLonger);
    Step("answers a demand for a cookie and for room at once, from the same port", Repeats);
    Step("believes the door and the named server, nobody else", Believes);
    Step("shows its ticket at once, then keeps to time and transmissions", KeepsAlive);
    Step("asks when traffic stops, and not while it flows", Flows);
    Step("takes TCP where the server does not answer by UDP, and stays with it", TakesTcp);
    Step("tries the alternates in order, then tells the door what was lost", FailsOver);
    Step("gives an unused seat back, and a used one not", Leaves);
    Step("comes back to its seat without the door", Resumes);
    Step("asks the door where the old server refuses", ResumesInVain);
    Step("takes no state of another client, and none that is damaged", ReadsStates);
    Step("goes nowhere for zeroes of either family", GoesNowhere);
    Step("reaches servers through a translator as the door", Translates);
    Step("never blames a server for a pause of the game", Sleeps);
    Step("reads a door's address", ReadsDoors);
    Step("names every option that makes no sense", NamesProblems);
    Step("reads JSON, and nothing else", ReadsJson);
    Step("raises events in updates alone, and lets out what a handler throws", RaisesInUpdates);
    return _failed;
  }

  private static void Step(string name, Action step)
  {
    try
    {
      step();
      Console.WriteLine("ok " + name);
    }
    catch (Exception error)
    {
      _failed++;
      Console.WriteLine("WRONG " + name + ": " + error);
    }
  }

  private static void Expect(object wanted, object got, string what)
  {
    if (!Equals(wanted, got)) throw new InvalidOperationException(what + " must be " + wanted + ", got: " + got);
  }

  private static string Show(IEnumerable<object> items) => string.Join(" ", items.Select(each => "" + each).ToArray());

  private static void AsksTheDoor()
  {
    var lab = new Lab(http: true);
    long startMs = lab.NowMs;
    lab.Pass(5999);
    List<SentPacket> sent = lab.Sent;
    Expect("0 350 700 1000", Show(sent.Select(each => (object)(each.AtMs - startMs))), "times");
    Expect("Udp Udp Udp Tcp", Show(sent.Select(each => (object)each.Via)), "ways");
    Expect("800 800 800", Show(sent.Take(3).Select(each => (object)each.Bytes.Length)), "lengths");
    Expect(true, sent[3].Bytes.Length < 100, "TCP is not padded");
    Expect(1, sent.Select(each => each.Nonce).Distinct().Count(), "nonces");
    Expect(4, sent.Select(each => each.Channel).Distinct().Count(), "ports");
    Expect("arena alice", sent[0].Option(0x02) + " " + sent[0].Option(0x05), "names");
    Expect(null, sent[0].Option(0x09), "want of the first");
    Expect("4 4", Show(sent.Skip(1).Take(2).Select(each => (object)each.Value(0x09)[0])), "want of the repeats");
    Expect(1, lab.Posted.Count, "HTTP requests");
    lab.Pass(1);
    Expect("client.no-answer", lab.LastTold.Code, "code");
    Expect(0, lab.OpenChannels, "channels");
  }

  private static void WaitsLonger()
  {
    var lab = new Lab();
    for (int n = 0; n < 9; n++)
    {
      long most = 300 + Math.Min(30000, 250 << n);
      lab.Answer(lab.Last, null, 0xe0, Lab.Error(1, 300));
      Expect("assign.no-capacity", lab.LastTold.Code, "code");
      long ms = lab.LastTold.RetryInMs;
      Expect(true, ms >= 300 && ms < most, "a pause of 300.." + most + ", got " + ms);
      int before = lab.Sent.Count;
      lab.Pass(ms - 1);
      Expect(before, lab.Sent.Count, "requests before the time");
      lab.Pass(1);
      Expect(before + 1, lab.Sent.Count, "requests at the time");
    }
    Expect(9, lab.Sent.Select(each => each.Nonce).Distinct().Count() - 1, "new nonces");
  }

  private static void Repeats()
  {
    var lab = new Lab();
    lab.Answer(lab.Last, null, 0x08, new byte[20], 0xe0, Lab.Error(9, 0));
    Expect(20, lab.Last.Value(0x08).Length, "cookie");
    lab.Answer(lab.Last, null, 0xe0, Lab.Error(4, 0));
    Expect(1200, lab.Last.Bytes.Length, "length");
    Expect(1, lab.Sent.Select(each => each.Nonce + each.Channel).Distinct().Count(), "nonce and port");
    lab.Assign();
    Expect(SessionEventType.Assigned, lab.LastTold.Type, "event");
  }

  private static void Believes()
  {
    var lab = new Lab();
    SentPacket asked = lab.Last;
    asked.To = new Endpoint(new byte[] { 192, 0, 2, 99 }, 7000);
    lab.Assign();
    Expect(0, lab.Told.Count, "events for a stranger's answer");
    asked.To = new Endpoint(new byte[] { 198, 51, 100, 1 }, 7001);
    lab.Assign();
    Expect(0, lab.Told.Count, "events for another port of the server");
    asked.To = new Endpoint(new byte[] { 198, 51, 100, 1 }, 7000);
    lab.Assign();
    Expect("i-1.0", lab.LastTold.Server.Id, "server");
  }

  private static void KeepsAlive()
  {
    var lab = new Lab();
    lab.Assign();
    Expect("ticket-1 alice", lab.Last.Option(0x06) + " " + lab.Last.Option(0x05), "first keepalive");
    Expect(96, lab.Last.Bytes.Length, "length");
    lab.Answer(lab.Last, "198.51.100.1", 0x81, "i-1.0");
    lab.Pass(19999);
    int before = lab.Sent.Count;
    lab.Pass(1);
    Expect(before + 1, lab.Sent.Count, "keepalives after 20 s");
    Expect(null, lab.Last.Option(0x06), "ticket once it is accepted");
    lab.Answer(lab.Last, "198.51.100.1", 0x81, "i-1.0");
    lab.Machine.Sent(9, lab.NowMs);
    Expect(before + 1, lab.Sent.Count, "keepalives after 9 transmissions");
    lab.Machine.Sent(1, lab.NowMs);
    Expect(before + 2, lab.Sent.Count, "keepalives after 10 transmissions");
  }

  private static void Flows()
  {
    var lab = new Lab();
    lab.Assign();
    for (int i = 0; i < 100; i++)
    {
      lab.Machine.Received(lab.NowMs);
      lab.Pass(50);
    }
    Expect(1, lab.Told.Count, "events while datagrams come from a server without an agent");
    lab.Pass(2500);
    Expect(SessionEventType.Lost, lab.Told[1].Type, "event once they have stopped");
  }

  private static void TakesTcp()
  {
    var lab = new Lab();
    lab.Assign();
    lab.Pass(700);
    Expect("Udp Udp Tcp", Show(lab.Sent.Skip(1).Select(each => (object)each.Via)), "ways");
    lab.Answer(lab.Last, "198.51.100.1", 0x81, "i-1.0");
    lab.Pass(20000);
    Expect(Via.Tcp, lab.Last.Via, "way of the next");
    Expect(1, lab.OpenChannels, "channels");
  }
}
