// The steps of a session that loses its server, leaves it, or comes back to it.
using System;
using Onedoor;

internal static partial class Steps
{
  private static void FailsOver()
  {
    var lab = new Lab();
    lab.Assign();
    lab.Answer(lab.Last, "198.51.100.1", 0x81, "i-1.0");
    lab.Machine.Sent(10, lab.NowMs);
    lab.Pass(1399);
    Expect(1, lab.Told.Count, "events before 1.4 s");
    lab.Pass(1);
    Expect("Lost Silent i-1.0", lab.LastTold.Type + " " + lab.LastTold.Reason + " " + lab.LastTold.Server.Id, "event");
    Expect("C6-33-64-02:9", BitConverter.ToString(lab.Last.To.Address) + ":" + lab.Last.To.Port, "first alternate");
    Expect("ticket-1", lab.Last.Option(0x06), "its ticket");
    lab.Pass(500);
    Expect("C6-33-64-03:9", BitConverter.ToString(lab.Last.To.Address) + ":" + lab.Last.To.Port, "second alternate");
    // A crowd comes to the door over as long as it has played, here 2.4 s.
    for (int n = 0; n < 29 && !lab.Last.To.IsSame(Lab.Door); n++) lab.Pass(100);
    Expect(true, lab.Last.To.IsSame(Lab.Door), "then the door");
    Expect("i-1.0", lab.Last.Option(0x07).Substring(1), "avoid");
    Expect("ticket-1 1", lab.Last.Option(0x06) + " " + lab.Last.Value(0x0a)[0], "report");
    lab.Answer(lab.Last, "198.51.100.9", 0x06, "ticket-2", 0x81, "i-9.0");
    Expect("Reassigned i-9.0", lab.LastTold.Type + " " + lab.LastTold.Server.Id, "event");
    Expect("i-1.0", lab.LastTold.From.Id, "server before");
  }

  private static void Leaves()
  {
    var lab = new Lab();
    lab.Assign();
    lab.Machine.Close(lab.NowMs);
    Expect("ticket-1", lab.Last.Option(0x06), "ticket");
    Expect(0, lab.Last.Value(0x0e).Length, "leave");
    lab.Answer(lab.Last, "198.51.100.1", 0x81, "i-1.0");
    Expect(SessionEventType.Closed, lab.LastTold.Type, "event");
    Expect(0, lab.OpenChannels, "channels");

    lab = new Lab();
    lab.Assign();
    lab.Answer(lab.Last, "198.51.100.1", 0x81, "i-1.0");
    int before = lab.Sent.Count;
    lab.Machine.Close(lab.NowMs);
    Expect(before, lab.Sent.Count, "packets for a used seat");
    Expect(SessionEventType.Closed, lab.LastTold.Type, "event");
    Expect(long.MaxValue, lab.Machine.WakeAtMs, "wake");
  }

  private static string StateOf(Lab lab) => SavedState.Write("alice", lab.Machine.Granted);

  private static void Resumes()
  {
    var first = new Lab();
    first.Assign();
    var lab = new Lab(resume: StateOf(first));
    Expect("C6-33-64-01", BitConverter.ToString(lab.Last.To.Address), "the old server");
    Expect("ticket-1", lab.Last.Option(0x06), "ticket");
    lab.Answer(lab.Last, "198.51.100.1", 0x81, "i-1.0");
    Expect("Assigned True", lab.LastTold.Type + " " + lab.LastTold.Resumed, "event");
    Expect("ticket-1", lab.Machine.Granted.Ticket, "seat");

    lab = new Lab(resume: StateOf(first));
    lab.Pass(1400);
    lab.Answer(lab.Last, "198.51.100.2", 0x81, "i-2.0");
    Expect("Assigned False", lab.LastTold.Type + " " + lab.LastTold.Resumed, "event");
    Expect("i-2.0", lab.LastTold.Server.Id, "alternate");
  }

  private static void ResumesInVain()
  {
    var first = new Lab();
    first.Assign();
    var lab = new Lab(resume: StateOf(first));
    lab.Answer(lab.Last, null, 0xe0, Lab.Error(7, 0));
    lab.Machine.Doors(new[] { Lab.Door }, lab.NowMs);
    Expect(true, lab.Last.To.IsSame(Lab.Door), "the door");
    Expect(0, lab.Told.Count, "events");
    Expect("i-1.0", lab.Last.Option(0x07).Substring(1), "avoid");
  }

  private static void ReadsStates()
  {
    var lab = new Lab();
    lab.Assign();
    string state = StateOf(lab), other = "bob", nobody = null;
    Expect(null, SavedState.Read(state, ref other), "for bob");
    Expect("i-1.0", SavedState.Read(state, ref nobody).Server.Id, "for anybody");
    Expect("alice", nobody, "the client");
    for (int length = 0; length < state.Length; length++)
    {
      nobody = null;
      Expect(null, SavedState.Read(state.Substring(0, length), ref nobody), "cut after " + length);
    }
    for (int at = 0; at < state.Length; at++)
      SavedState.Read(state.Substring(0, at) + "\u0001{" + state.Substring(at + 1), ref nobody);
  }

  private static void GoesNowhere()
  {
    foreach (string zeroes in new[] { null, "0.0.0.0" })
    {
      var lab = new Lab();
      lab.Answer(lab.Last, zeroes, 0x81, "i-1.0");
      Expect("Refused assign.unavailable", lab.LastTold.Type + " " + lab.LastTold.Code, "event");
    }
    var here = new Lab();
    var alternates = new byte[20];
    Bytes.ToWire(new byte[4]).CopyTo(alternates, 0);
    here.Answer(here.Last, "198.51.100.1", 0x81, "i-1.0", 0x06, "ticket-1", 0x85, alternates);
    Expect(0, here.Machine.Granted.Alternates.Count, "alternates");
  }

  private static void Translates()
  {
    var lab = new Lab();
    var door = new Endpoint(AddressText.Parse("64:ff9b::192.0.2.1"), 7000);
    lab.Answer(lab.Last, null, 0xe0, Lab.Error(1, 0));
    lab.Machine.Doors(new[] { door }, lab.NowMs);
    lab.Pass(lab.LastTold.RetryInMs);
    Expect(true, Bytes.IsMapped(Bytes.Slice(lab.Last.Bytes, 4, 16)), "asks for IPv4");
    lab.Assign();
    Expect("64:ff9b::c633:6401", AddressText.Format(lab.LastTold.Server.AddressBytes), "server");
    lab.Answer(lab.Last, "198.51.100.1", 0x81, "i-1.0");
    lab.Pass(21500);
    Expect("64:ff9b::c633:6402", AddressText.Format(lab.Last.To.Address), "alternate");
  }

  private static void Sleeps()
  {
    var lab = new Lab();
    lab.Assign();
    lab.Pass(1100);
    Expect(5, lab.Sent.Count - 1, "packets of a keepalive: three by UDP, two by TCP");
    // The game did not call for a minute: what came in the meantime waits in the sockets, or nothing could be sent.
    lab.NowMs += 60000;
    lab.Machine.Tick(lab.NowMs);
    Expect(1, lab.Told.Count, "events after the pause");
    Expect(6, lab.Sent.Count - 1, "packets: the keepalive begins anew");
    lab.Answer(lab.Last, "198.51.100.1", 0x81, "i-1.0");
    lab.Pass(1000);
    Expect(1, lab.Told.Count, "events after an answer");
  }
}
