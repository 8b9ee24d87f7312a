// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System;
using System.Collections.Generic;

namespace Onedoor
{
  /// <summary>What to ask for. Only <see cref="Door" /> is required.</summary>
  public sealed class SessionOptions
  {
    /// <summary>
    /// The door's address: `host` or `host:port`, IPv6 as `[2001:db8::1]:7000`. Give a name: docs/clients/ipv6.md.
    /// </summary>
    public string Door;
    /// <summary>App to play, 1..32 bytes of UTF-8; null: the deployment's default app.</summary>
    public string App;
    /// <summary>World of the app; null: any.</summary>
    public string World;
    /// <summary>Preferred group of servers; null: none.</summary>
    public string Group;
    /// <summary>This client's stable identity, 1..32 bytes of UTF-8: the ticket is bound to it. Null: random.</summary>
    public string Client;
    /// <summary>Base URL of the HTTP API, asked when neither UDP nor TCP is answered; null: never.</summary>
    public string Http;
    /// <summary>4 or 6: addresses of the door to use, and so of the server; 0: both.</summary>
    public int Family;
    /// <summary>
    /// What <see cref="Session.State" /> gave before a restart; what cannot be read counts as nothing.
    /// </summary>
    public string Resume;
    /// <summary>The deployment's packet type.</summary>
    public int Type = Protocol.ProbeType;

    internal Names Names => new Names(App, World, Group);

    internal byte[] ClientBytes() => Utf8.Encode(Client ?? "", 1, Protocol.MaxClientBytes);

    internal SessionOptions Copy() => (SessionOptions)MemberwiseClone();

    /// <summary>Throws, with every problem in the message.</summary>
    internal void Check()
    {
      var problems = new List<string>();
      CheckText(problems, "App", App);
      CheckText(problems, "World", World);
      CheckText(problems, "Group", Group);
      CheckText(problems, "Client", Client);
      Uri url;
      bool isUrl = Uri.TryCreate(Http ?? "http://localhost", UriKind.Absolute, out url);
      if (!isUrl || (url.Scheme != "http" && url.Scheme != "https") || url.Query != "" || url.Fragment != "")
        problems.Add("`Http` must be an http(s) URL or null, got: " + Http);
      if (Family != 0 && Family != 4 && Family != 6) problems.Add("`Family` must be 0, 4 or 6, got: " + Family);
      if (Type < 0 || Type > 0xffff) problems.Add("`Type` must be 0..65535, got: " + Type);
      if (DoorAddress.Parse(Door) == null) problems.Add("`Door` must be host[:port], got: " + Door);
      if (problems.Count > 0) throw new ArgumentException(string.Join("\n", problems.ToArray()));
    }

    private static void CheckText(List<string> problems, string name, string text)
    {
      if (text != null && Utf8.Encode(text, 1, Protocol.MaxNameBytes) == null)
        problems.Add("`" + name + "` must be text of 1..32 bytes of UTF-8, got: " + text);
    }
  }

  /// <summary>A door's name or numeric address, and its probe port.</summary>
  internal sealed class DoorAddress
  {
    public readonly string Host;
    public readonly int Port;

    private DoorAddress(string host, int port)
    {
      Host = host;
      Port = port;
    }

    /// <summary>`host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address; null if it is none of them.</summary>
    public static DoorAddress Parse(string text)
    {
      if (string.IsNullOrEmpty(text)) return null;
      bool isBracketed = text[0] == '[';
      int colon = isBracketed ? text.IndexOf(']') + 1 : text.IndexOf(':');
      if (isBracketed && colon == 0) return null;
      bool isBare = !isBracketed && colon >= 0 && text.IndexOf(':', colon + 1) >= 0;
      if (isBare || colon < 0) colon = text.Length;
      string host = isBracketed ? text.Substring(1, colon - 2) : text.Substring(0, colon);
      int port = Protocol.ProbePort;
      if (colon < text.Length && (text[colon] != ':' || !ParsePort(text.Substring(colon + 1), out port))) return null;
      if ((isBracketed || isBare) && (AddressText.Parse(host) == null || host.IndexOf(':') < 0)) return null;
      return !isBracketed && !isBare && !IsName(host) ? null : new DoorAddress(host, port);
    }

    private static bool ParsePort(string text, out int port)
    {
      port = 0;
      foreach (char each in text)
      {
        if (each < '0' || each > '9' || port > 65535) return false;
        port = port * 10 + (each - '0');
      }
      return port >= 1 && port <= 65535;
    }

    /// <summary>RFC 1123, section 2.1. "300.1.1.1" would pass as a name and fail as a puzzle much later.</summary>
    private static bool IsName(string host)
    {
      bool isNumeric = host.Length > 0;
      foreach (char each in host)
      {
        bool isDigit = (each >= '0' && each <= '9') || each == '.';
        bool isLetter = (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') || each == '-' || each == '_';
        if (!isDigit && !isLetter) return false;
        isNumeric &= isDigit;
      }
      if (isNumeric) return AddressText.Parse(host) != null;
      return host.Length > 0 && host.Length < 255 && host[0] != '.' && host[0] != '-' && host.IndexOf("..") < 0;
    }
  }
}
