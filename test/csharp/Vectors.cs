// Compares the client for C# with the vectors: vectors FOLDER. Prints for each file how many vectors were looked at,
// and a
// line for each that came out differently.
using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using Onedoor;

internal static class Vectors
{
  private static readonly string[] Reasons =
  {
    "", "short", "long", "length-mismatch", "length-invalid", "wrong-type", "option-past-end", "too-many-options",
    "option-repeated", "value-size", "not-utf8", "no-nonce", "wrong-role",
  };

  private static string _folder;
  private static int _failed;

  public static int Run(string folder)
  {
    _folder = folder;
    Each("responses", CheckResponse);
    Each("malformed", CheckMalformed);
    Each("requests", CheckRequest);
    Each("classic", CheckClassic);
    Each("framing", CheckFraming);
    Each("addresses", CheckAddress);
    int wrong = 0;
    foreach (object text in Json.List(Json.Field(Load("addresses"), "invalid")))
      if (AddressText.Parse((string)text) != null) Complain("addresses", "takes " + text, ++wrong > 0);
    return _failed;
  }

  /// <param name="file">name of the vectors</param>
  /// <param name="check">null: not for a client; "": right; else what is wrong</param>
  private static void Each(string file, Func<object, string> check)
  {
    int looked = 0;
    foreach (object vector in Json.List(Json.Field(Load(file), "vectors")))
    {
      string complaint = check(vector);
      if (complaint == null) continue;
      looked++;
      Complain(file, Text(vector, "name") + Text(vector, "text") + ": " + complaint, complaint != "");
    }
    Console.WriteLine(file + " " + looked);
  }

  private static object Load(string file) => Json.Parse(File.ReadAllText(Path.Combine(_folder, file + ".json")));

  private static void Complain(string file, string complaint, bool isOne)
  {
    if (!isOne) return;
    _failed++;
    Console.WriteLine("WRONG " + file + ": " + complaint);
  }

  private static string CheckResponse(object vector)
  {
    if (Text(vector, "hex") == null) return null;
    DropReason reason;
    byte[] bytes = Hex(Text(vector, "hex"));
    Response read = Response.Read(bytes, bytes.Length, Protocol.ProbeType, out reason);
    if (read == null) return "dropped for " + reason;
    object fields = Json.Field(vector, "fields");
    object error = Json.Field(fields, "error"), keepalive = Json.Field(fields, "keepalive");
    var wrong = new StringBuilder();
    Compare(wrong, "address", Text(fields, "address"), Hex(read.Address));
    Compare(wrong, "nonce", Text(fields, "nonce"), Hex(read.Nonce));
    Compare(wrong, "ticket", Text(fields, "ticket"), read.Ticket);
    Compare(wrong, "cookie", Text(fields, "cookie"), Hex(read.Cookie));
    Compare(wrong, "wait", Text(fields, "wait"), read.Wait);
    Compare(wrong, "server", Text(fields, "server"), read.Server);
    Compare(wrong, "otherAddress", Text(fields, "otherAddress"), Hex(read.OtherAddress));
    Compare(wrong, "movingMs", Number(fields, "movingMs"), read.MovingMs);
    Compare(wrong, "code", Number(error, "code"), read.Error);
    Compare(wrong, "reason", Text(error, "reason"), read.Reason);
    if (error != null) Compare(wrong, "retryAfterMs", Number(error, "retryAfterMs"), (long)read.RetryAfterMs);
    if (keepalive == null != (read.Keepalive == null)) wrong.Append(" keepalive");
    if (keepalive != null)
    {
      Compare(wrong, "interval", Number(keepalive, "intervalSeconds"), (long)read.Keepalive.IntervalSeconds);
      Compare(wrong, "transmissions", Number(keepalive, "transmissions"), (long)read.Keepalive.Transmissions);
      Compare(wrong, "timeout", Number(keepalive, "timeoutMs"), (long)read.Keepalive.TimeoutMs);
    }
    Compare(wrong, "ports", Ports(fields), Ports(read));
    Compare(wrong, "alternates", Alternates(fields), Alternates(read));
    // Pages are checked and handed over as they came.
    Compare(wrong, "roster page", Json.Field(fields, "rosterPage") != null, read.RosterPage != null);
    Compare(wrong, "lobby page", Json.Field(fields, "lobbyPage") != null, read.LobbyPage != null);
    return wrong.ToString();
  }

  /// <summary>What is wrong in the values of a request does not concern a client.</summary>
  private static string CheckMalformed(object vector)
  {
    long number = Number(vector, "number").Value;
    if (Text(vector, "expect") != "response" && number > 8) return null;
    DropReason reason;
    byte[] bytes = Hex(Text(vector, "hex"));
    Response.Read(bytes, bytes.Length, Protocol.ProbeType, out reason);
    return (long)reason == number && Reasons[number] == Text(vector, "reason") ? "" : "dropped for " + reason;
  }

  private static string CheckRequest(object vector)
  {
    object fields = Json.Field(vector, "fields");
    if (Json.Field(vector, "readOnly") != null || Json.Field(fields, "forward") != null) return null;
    var request = new Request
    {
      Address = Hex(Text(fields, "address")),
      Nonce = Hex(Text(fields, "nonce")),
      App = Text(fields, "app"),
      World = Text(fields, "world"),
      Group = Text(fields, "group"),
      Client = Hex(Text(fields, "client")),
      Ticket = Text(fields, "ticket"),
      Cookie = Hex(Text(fields, "cookie")),
      Want = (int?)Number(fields, "want"),
      Report = (int?)Number(fields, "report"),
      Wait = Text(fields, "wait"),
      Page = (int?)Number(fields, "page"),
      Pick = Text(fields, "pick"),
      Leave = Json.Field(fields, "leave") != null,
      Avoid = Json.List(Json.Field(fields, "avoid")).ConvertAll(each => (string)each),
    };
    string written = Hex(request.Write(Protocol.ProbeType, (int)Number(vector, "padTo").Value));
    return written == Text(vector, "hex") ? "" : "written as " + written;
  }

  private static string CheckClassic(object vector)
  {
    DropReason reason;
    byte[] bytes = Hex(Text(vector, "hex"));
    int type = (int)Number(vector, "type").Value;
    Response read = Response.Read(bytes, bytes.Length, type, out reason);
    if (read == null) return "dropped for " + reason;
    if (read.Classic != Number(vector, "family")) return "family " + read.Classic;
    if (Hex(read.Address) != Text(vector, "address")) return "address " + Hex(read.Address);
    byte[] written = Request.WriteClassic(read.Classic, type);
    string zeroes = Text(vector, "hex").Substring(0, 8) + new string('0', 2 * (bytes.Length - 4));
    return Hex(written) == zeroes ? "" : "written as " + Hex(written);
  }

  private static string CheckFraming(object vector)
  {
    var framer = new Framer();
    var packets = new List<string>();
    foreach (object chunk in Json.List(Json.Field(vector, "chunks")))
    {
      byte[] bytes = Hex((string)chunk);
      for (int at = 0; at < bytes.Length && framer.Reason == DropReason.None;)
      {
        int count = Math.Min(framer.Room, bytes.Length - at);
        framer.Push(bytes, at, count);
        at += count;
        for (byte[] packet = framer.Next(); packet != null; packet = framer.Next()) packets.Add(Hex(packet));
      }
    }
    if (Joined(packets, each => each) != Joined(Json.List(Json.Field(vector, "packets")), each => (string)each))
      return "cut into " + packets.Count;
    return Reasons[(int)framer.Reason] == (Text(vector, "reason") ?? "") ? "" : "ends for " + framer.Reason;
  }

  private static string CheckAddress(object vector)
  {
    byte[] wanted = Hex(Text(vector, "hex"));
    byte[] parsed = AddressText.Parse(Text(vector, "text"));
    if (Hex(parsed) != Hex(Bytes.FromWire(wanted))) return "read as " + Hex(parsed);
    // A mapped address is shown as the IPv4 address in it.
    string canonical = Bytes.IsMapped(wanted) ? AddressText.Format(parsed) : Text(vector, "canonical");
    return AddressText.Format(parsed) == canonical ? "" : "written as " + AddressText.Format(parsed);
  }

  private static string Text(object from, string name) => Json.Field(from, name) as string;

  private static long? Number(object from, string name) => Json.Count(from, name, uint.MaxValue);

  private static void Compare(StringBuilder wrong, string name, object wanted, object got)
  {
    if (Convert.ToString(wanted) != Convert.ToString(got)) wrong.Append(' ').Append(name).Append(' ').Append(got);
  }

  private static string Ports(object fields) =>
    Joined(Json.List(Json.Field(fields, "ports")), each => Number(each, "role") + ":" + Number(each, "port"));

  private static string Ports(Response read) => Joined(read.Ports, each => each.Role + ":" + each.Port);

  private static string Alternates(object fields) => Joined(
    Json.List(Json.Field(fields, "alternates")),
    each => Text(each, "address") + ":" + Number(each, "gamePort") + ":" + Number(each, "probePort"));

  private static string Alternates(Response read) =>
    Joined(read.Alternates, each => Hex(each.Address) + ":" + each.GamePort + ":" + each.ProbePort);

  private static string Joined<T>(IEnumerable<T> items, Func<T, string> show)
  {
    var shown = new List<string>();
    foreach (T each in items ?? new T[0]) shown.Add(show(each));
    return string.Join(" ", shown.ToArray());
  }

  private static byte[] Hex(string text)
  {
    if (text == null) return null;
    var bytes = new byte[text.Length / 2];
    for (int i = 0; i < bytes.Length; i++) bytes[i] = Convert.ToByte(text.Substring(2 * i, 2), 16);
    return bytes;
  }

  private static string Hex(byte[] bytes)
  {
    if (bytes == null) return null;
    return BitConverter.ToString(bytes).Replace("-", "").ToLowerInvariant();
  }
}
