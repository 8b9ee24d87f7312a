// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
namespace Onedoor
{
  /// <summary>
  /// Why something did not work. The same codes as everywhere in Onedoor; docs/ERRORS.md explains each.
  /// </summary>
  public static class Codes
  {
    /// <summary>Every server is full.</summary>
    public const string NoCapacity = "assign.no-capacity";
    /// <summary>There is no such app.</summary>
    public const string UnknownApp = "assign.unknown-app";
    /// <summary>There is no such world.</summary>
    public const string UnknownWorld = "assign.unknown-world";
    /// <summary>The answer did not fit; the client repeats the request by itself.</summary>
    public const string RequestTooSmall = "wire.request-too-small";
    /// <summary>This client, or its network, asks too often.</summary>
    public const string RateLimited = "door.rate-limited";
    /// <summary>No server can be given now.</summary>
    public const string Unavailable = "assign.unavailable";
    /// <summary>The server does not take the ticket.</summary>
    public const string TicketRejected = "ticket.ticket-rejected";
    /// <summary>The clocks of door and server differ too much.</summary>
    public const string Clock = "ticket.clock";
    /// <summary>The door asked for a cookie again and again.</summary>
    public const string CookieRequired = "door.cookie-required";
    /// <summary>The HTTP API did not understand the request: a field is wrong.</summary>
    public const string BadRequest = "http.bad-request";
    /// <summary>Nobody answered.</summary>
    public const string NoAnswer = "client.no-answer";

    private static readonly string[] ByNumber =
    {
      Unavailable, NoCapacity, UnknownApp, UnknownWorld, RequestTooSmall, RateLimited, Unavailable, TicketRejected,
      Clock, CookieRequired,
    };

    /// <summary>The code of an error's number; one of a later version means "try again later".</summary>
    public static string OfWire(int number) => number > 0 && number < ByNumber.Length ? ByNumber[number] : Unavailable;

    /// <summary>No repetition of the first request changes it.</summary>
    internal static bool IsHopeless(string code) => code == UnknownApp || code == UnknownWorld || code == BadRequest;

    /// <summary>The door could give no server: with every other one full or gone, the lost one may be back.</summary>
    internal static bool IsNoServer(string code) =>
      code == NoCapacity || code == Unavailable || code == UnknownApp || code == UnknownWorld;
  }
}
