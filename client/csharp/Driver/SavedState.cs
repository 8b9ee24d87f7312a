// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Onedoor
{
  /// <summary>
  /// A server and the seat there as JSON: the same text as the client for TypeScript writes, and the same server
  /// objects as the HTTP API. Read without trust: fields of a wrong kind are as if they were not there.
  /// </summary>
  internal static class SavedState
  {
    public static string Write(string client, Grant grant)
    {
      var text = new StringBuilder("{\"version\":1,\"client\":").Append(Json.Quote(client));
      text.Append(",\"family\":").Append(grant.Server.AddressBytes.Length == 4 ? 4 : 6);
      text.Append(",\"server\":");
      WriteServer(text, grant.Server);
      if (grant.Ticket != null) text.Append(",\"ticket\":").Append(Json.Quote(grant.Ticket));
      text.Append(",\"keepalive\":{\"intervalSeconds\":").Append(Number(grant.Keepalive.IntervalSeconds));
      text.Append(",\"transmissions\":").Append(Number(grant.Keepalive.Transmissions));
      text.Append(",\"timeoutMs\":").Append(Number(grant.Keepalive.TimeoutMs)).Append("},\"alternates\":[");
      for (int i = 0; i < grant.Alternates.Count; i++)
      {
        if (i > 0) text.Append(',');
        WriteServer(text, grant.Alternates[i]);
      }
      return text.Append("]}").ToString();
    }

    /// <summary>What <see cref="Write" /> gave; null if it is something else, or of another client.</summary>
    public static Grant Read(string text, ref string client)
    {
      object saved = Json.Parse(text);
      string owner = Json.Field(saved, "client") as string;
      long? family = Json.Count(saved, "family", 6);
      if (Json.Count(saved, "version", 1) != 1 || (family != 4 && family != 6)) return null;
      if (owner == null || Utf8.Encode(owner, 1, Protocol.MaxClientBytes) == null) return null;
      // A seat belongs to its client: another one has no use for it.
      if (client != null && client != owner) return null;
      Grant grant = ReadGrant(saved, (int)family.Value, new Names());
      if (grant != null) client = owner;
      return grant;
    }

    /// <summary>
    /// The grant of an answer to POST /v1/assignments, with addresses in `family` where there are any.
    /// </summary>
    public static Grant ReadGrant(object body, int family, Names names)
    {
      Server server = ReadServer(Json.Field(body, "server"), family, names);
      string ticket = Json.Field(body, "ticket") as string;
      if (server == null || (ticket != null && Utf8.Encode(ticket, 1, Protocol.MaxTicketBytes) == null)) return null;
      var alternates = new List<Server>();
      foreach (object each in Json.List(Json.Field(body, "alternates")))
      {
        Server alternate = ReadServer(each, family, names);
        if (alternate != null && alternates.Count < 2) alternates.Add(alternate);
      }
      return new Grant(server, ticket, ReadKeepalive(Json.Field(body, "keepalive")), alternates);
    }

    private static KeepaliveTiming ReadKeepalive(object timing)
    {
      long? interval = Json.Count(timing, "intervalSeconds", 65535);
      long? transmissions = Json.Count(timing, "transmissions", 65535);
      long? timeout = Json.Count(timing, "timeoutMs", 65535);
      if (interval == null || transmissions == null || timeout == null) return KeepaliveTiming.Default;
      return new KeepaliveTiming((int)interval.Value, (int)transmissions.Value, (int)timeout.Value);
    }

    /// <summary>Null if the server cannot be reached: no id, no address, or no ports.</summary>
    private static Server ReadServer(object value, int family, Names names)
    {
      var ports = new Dictionary<string, int>();
      object named = Json.Field(value, "ports");
      foreach (string role in Json.Fields(named).Keys)
      {
        long? port = Json.Count(named, role, 65535);
        if (port > 0) ports[role] = (int)port.Value;
      }
      string id = Json.Field(value, "id") as string;
      if (id == null || Utf8.Encode(id, 0, Protocol.MaxServerIdBytes) == null || named == null) return null;
      byte[] ipv4 = Address(value, "ipv4", 4), ipv6 = Address(value, "ipv6", 16);
      byte[] own = family == 4 ? ipv4 : ipv6, other = family == 4 ? ipv6 : ipv4;
      if (own == null && other == null) return null;
      var toldNames = new Names(
        Json.Field(value, "app") as string ?? names.App,
        Json.Field(value, "world") as string ?? names.World,
        Json.Field(value, "group") as string ?? names.Group);
      return new Server(id, own ?? other, own == null ? null : other, ports, toldNames);
    }

    private static byte[] Address(object server, string name, int length)
    {
      byte[] address = AddressText.Parse(Json.Field(server, name) as string);
      return address != null && address.Length == length && !Bytes.IsZero(address) ? address : null;
    }

    private static void WriteServer(StringBuilder text, Server server)
    {
      text.Append("{\"id\":").Append(Json.Quote(server.Id));
      WriteAddress(text, server.AddressBytes);
      if (server.OtherAddressBytes != null) WriteAddress(text, server.OtherAddressBytes);
      text.Append(",\"ports\":{");
      bool isFirst = true;
      foreach (KeyValuePair<string, int> port in server.PortsByRole)
      {
        text.Append(isFirst ? "" : ",").Append(Json.Quote(port.Key)).Append(':').Append(Number(port.Value));
        isFirst = false;
      }
      text.Append('}');
      WriteName(text, "app", server.App);
      WriteName(text, "world", server.World);
      WriteName(text, "group", server.Group);
      text.Append('}');
    }

    private static void WriteAddress(StringBuilder text, byte[] address)
    {
      text.Append(address.Length == 4 ? ",\"ipv4\":" : ",\"ipv6\":").Append(Json.Quote(AddressText.Format(address)));
    }

    private static void WriteName(StringBuilder text, string name, string value)
    {
      if (value != null) text.Append(",\"").Append(name).Append("\":").Append(Json.Quote(value));
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
  }
}
