// What a session makes of options and texts, and of handlers.
using System;
using System.Linq;
using Onedoor;

internal static partial class Steps
{
  private static void ReadsDoors()
  {
    Expect("a.example 7000", DoorOf("a.example"), "a name");
    Expect("a.example 27", DoorOf("a.example:27"), "a name with a port");
    Expect("192.0.2.1 7001", DoorOf("192.0.2.1:7001"), "IPv4");
    Expect("2001:db8::1 7000", DoorOf("2001:db8::1"), "bare IPv6");
    Expect("2001:db8::1 7000", DoorOf("[2001:db8::1]"), "IPv6 in brackets");
    Expect("2001:db8::1 65535", DoorOf("[2001:db8::1]:65535"), "IPv6 with a port");
    string[] wrong =
    {
      null, "", ":", ":7000", "a.example:", "a.example:0", "a.example:65536", "a.example:99999999999", "a.example:7x",
      "300.1.1.1", "1.2.3", "[::1", "[::1]7000", "[a.example]", "[1.2.3.4]", "::g", "a b", "http://a.example", "a..b",
      "-a",
    };
    foreach (string text in wrong) Expect(null, DoorAddress.Parse(text), "the door " + text);
  }

  private static string DoorOf(string text)
  {
    DoorAddress door = DoorAddress.Parse(text);
    return door == null ? null : door.Host + " " + door.Port;
  }

  private static void NamesProblems()
  {
    try
    {
      string tooLong = new string('w', 33);
      Session.Connect(new SessionOptions { App = "", World = tooLong, Http = "ftp://a", Family = 5, Type = -1 });
    }
    catch (ArgumentException error)
    {
      string[] names = error.Message.Split('\n').Select(line => line.Split('`')[1]).ToArray();
      Expect("App World Http Family Type Door", string.Join(" ", names), "problems");
      return;
    }
    throw new InvalidOperationException("nothing was said about options that make no sense");
  }

  private static void ReadsJson()
  {
    object read = Json.Parse(" {\"a\": [1, -2.5e1, true, false, null, \"\\u00e9\\n\\\"\"], \"b\": {}} ");
    Expect("1 -25 True False  \u00e9\n\"", Show(Json.List(Json.Field(read, "a"))), "items");
    string[] wrong =
    {
      "", "{", "}", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "\"", "\"\\x\"", "\"\\u12\"", "tru", "1 1", "nul",
      "[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]", "{\"a\":1,}", "\"a\nb\"",
    };
    foreach (string text in wrong) Expect(null, Json.Parse(text), "the JSON " + text);
    Expect("\"a\\\"\\\\\\u000a\"", Json.Quote("a\"\\\n"), "a quoted text");
  }

  /// <summary>A session with a door that nobody has: what it tells comes from its updates.</summary>
  private static void RaisesInUpdates()
  {
    int closed = 0;
    Session session = Session.Connect("127.0.0.1:9");
    session.Closed += what =>
    {
      closed++;
      throw new NotSupportedException("from a handler");
    };
    session.Update();
    session.Close();
    Expect(0, closed, "events between updates");
    try
    {
      session.Update();
      throw new InvalidOperationException("what a handler threw was lost");
    }
    catch (NotSupportedException)
    {
      Expect("1 True", closed + " " + session.IsClosed, "events");
    }
    session.Update();
    session.Dispose();
    Expect(1, closed, "events after the end");
  }
}
