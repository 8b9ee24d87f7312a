// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System.Collections.Generic;

namespace Onedoor
{
  /// <summary>How the door, or the server, was reached.</summary>
  public enum Via
  {
    /// <summary>Datagrams.</summary>
    Udp = 1,
    /// <summary>The same packets in a stream.</summary>
    Tcp = 2,
    /// <summary>The HTTP API.</summary>
    Http = 3,
  }

  /// <summary>Why a server counts as lost.</summary>
  public enum LossReason
  {
    /// <summary>It does not answer.</summary>
    Silent = 1,
    /// <summary>It refused this client.</summary>
    Refused = 2,
    /// <summary>The game said so.</summary>
    Reported = 3,
  }

  /// <summary>What happened to a session.</summary>
  public enum SessionEventType
  {
    /// <summary>The first server: play there, show the ticket.</summary>
    Assigned = 1,
    /// <summary>Stop sending to that server; the session looks for another.</summary>
    Lost,
    /// <summary>Another server: join it with the new ticket.</summary>
    Reassigned,
    /// <summary>The server ends its sessions; play on, Reassigned follows.</summary>
    Moving,
    /// <summary>No server now: `Code` says why, the door is asked again in `RetryInMs`.</summary>
    Refused,
    /// <summary>The server takes the ticket no more; game traffic flows, so the session goes on.</summary>
    TicketRefused,
    /// <summary>What was asked for does not exist: Closed follows.</summary>
    Failed,
    /// <summary>The end.</summary>
    Closed,
  }

  /// <summary>One event; which fields have a value is said beside each.</summary>
  public sealed class SessionEvent
  {
    /// <summary>What happened.</summary>
    public SessionEventType Type { get; internal set; }
    /// <summary>The server that it is about; null for Refused, Failed, and Closed before there was one.</summary>
    public Server Server { get; internal set; }
    /// <summary>Reassigned: the server before.</summary>
    public Server From { get; internal set; }
    /// <summary>Assigned, Reassigned: how the server was found.</summary>
    public Via Via { get; internal set; }
    /// <summary>Assigned: back on the server and seat of before the restart.</summary>
    public bool Resumed { get; internal set; }
    /// <summary>Lost: why.</summary>
    public LossReason Reason { get; internal set; }
    /// <summary>
    /// One of <see cref="Codes" />: Refused, TicketRefused, Failed, and Lost if the server refused this client.
    /// </summary>
    public string Code { get; internal set; }
    /// <summary>Refused, Failed: the door's words, for logs; may be null.</summary>
    public string Detail { get; internal set; }
    /// <summary>Refused: when the door is asked again.</summary>
    public long RetryInMs { get; internal set; }
    /// <summary>Moving: null if the server did not say.</summary>
    public long? EndsInMs { get; internal set; }
    /// <summary>Moving: another server is known; comes once more when it is.</summary>
    public bool Named { get; internal set; }

    internal Grant Grant;
  }

  /// <summary>What goes to POST /v1/assignments, and to POST /v1/reports if there is a report.</summary>
  public sealed class HttpWish
  {
    /// <summary>Ids of servers not to be given.</summary>
    public readonly IList<string> Avoid;
    /// <summary>The ticket of the server that was given up; null: nothing to report.</summary>
    public readonly string ReportedTicket;
    /// <summary>Whether that server refused this client; else it is silent.</summary>
    public readonly bool Refused;

    internal HttpWish(IList<string> avoid, string reportedTicket, bool refused)
    {
      Avoid = avoid;
      ReportedTicket = reportedTicket;
      Refused = refused;
    }
  }

  /// <summary>What the HTTP API answered: a grant, or a refusal.</summary>
  public sealed class DoorAnswer
  {
    internal readonly Grant Grant;
    internal readonly string Code, Detail;
    internal readonly long RetryAfterMs;

    internal DoorAnswer(Grant grant)
    {
      Grant = grant;
    }

    internal DoorAnswer(string code, long retryAfterMs, string detail)
    {
      Code = code;
      RetryAfterMs = retryAfterMs;
      Detail = detail;
    }
  }

  /// <summary>
  /// What a <see cref="SessionMachine" /> asks of its surroundings. A channel is a socket with a port of its own. None
  /// of these may call the machine.
  /// </summary>
  public interface ISessionHost
  {
    /// <summary>
    /// A new socket. `connected`: bound to `to`, so that the system drops what others send; always for TCP.
    /// </summary>
    void Open(int channel, Via via, Endpoint to, bool connected);
    /// <summary>On a TCP channel that is not connected yet: as soon as it is.</summary>
    void Send(int channel, Endpoint to, byte[] packet);
    /// <summary>The channel is not needed any more.</summary>
    void Close(int channel);
    /// <summary>Resolve the door's name; answer by <see cref="SessionMachine.Doors" />.</summary>
    void Resolve();
    /// <summary>POST /v1/assignments; answer by <see cref="SessionMachine.HttpAnswer" />.</summary>
    void Post(int request, HttpWish wish);
    /// <summary>The answer is not needed any more.</summary>
    void Cancel(int request);
    /// <summary>Random bytes for nonces and pauses.</summary>
    void Random(byte[] into);
    /// <summary>What the game is to know.</summary>
    void Tell(SessionEvent what);
  }
}
