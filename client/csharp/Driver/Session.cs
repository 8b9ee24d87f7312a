// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System;
using System.Collections.Generic;

namespace Onedoor
{
  /// <summary>
  /// A client's session on the server that the door assigned. Game traffic is the game's own: it goes directly to
  /// <see cref="Server" />, and <see cref="Sent" /> and <see cref="Received" /> tell the session about it. Everything
  /// happens on the thread that calls <see cref="Update" />, and events come from inside of it alone.
  /// </summary>
  /// <example>
  /// Session session = Session.Connect(new SessionOptions { Door = "play.example.com" });
  /// session.Assigned += e => Join(e.Server.GameEndPoint(7777), session.Ticket);
  /// session.Reassigned += e => Join(e.Server.GameEndPoint(7777), session.Ticket);
  /// // and in each frame:
  /// session.Update();
  /// </example>
  public sealed class Session : IDisposable
  {
    private readonly SessionDriver _driver;
    private readonly Queue<SessionEvent> _untold = new Queue<SessionEvent>();
    private Grant _grant;

    private Session(SessionOptions options)
    {
      SessionOptions own = options.Copy();
      own.Check();
      Grant resume = SavedState.Read(own.Resume, ref own.Client);
      if (own.Client == null) own.Client = SessionDriver.RandomName();
      Client = own.Client;
      _driver = new SessionDriver(own, _untold.Enqueue);
      _driver.Start(resume);
    }

    /// <summary>Starts a session with the defaults for all but the door.</summary>
    public static Session Connect(string door) => Connect(new SessionOptions { Door = door });

    /// <summary>
    /// Starts a session; <see cref="Assigned" /> follows from a later <see cref="Update" />. Never blocks. Throws an
    /// ArgumentException that lists every option that makes no sense.
    /// </summary>
    public static Session Connect(SessionOptions options)
    {
      if (options == null) throw new ArgumentNullException(nameof(options));
      return new Session(options);
    }

    /// <summary>The first server: join it, show <see cref="Ticket" />.</summary>
    public event Action<SessionEvent> Assigned;
    /// <summary>The server is lost: stop sending there. The session looks for another; Reassigned follows.</summary>
    public event Action<SessionEvent> Lost;
    /// <summary>Another server, with a ticket there: join it.</summary>
    public event Action<SessionEvent> Reassigned;
    /// <summary>
    /// The server ends its sessions. Play on; Reassigned follows once another one has taken this client in.
    /// </summary>
    public event Action<SessionEvent> Moving;
    /// <summary>No server now: `Code` says why, and the door is asked again in `RetryInMs`.</summary>
    public event Action<SessionEvent> Refused;
    /// <summary>The server lives but takes the ticket no more; game traffic flows, so the session goes on.</summary>
    public event Action<SessionEvent> TicketRefused;
    /// <summary>What was asked for does not exist: `Code`. Closed follows.</summary>
    public event Action<SessionEvent> Failed;
    /// <summary>The session is over. Nothing follows.</summary>
    public event Action<SessionEvent> Closed;

    /// <summary>Where to play; null before Assigned. Changes with Reassigned.</summary>
    public Server Server => _grant == null ? null : _grant.Server;

    /// <summary>
    /// The seat on <see cref="Server" />, for its game to check; null where the deployment works without seats.
    /// </summary>
    public string Ticket => _grant == null ? null : _grant.Ticket;

    /// <summary>How the present server was found.</summary>
    public Via Via { get; private set; }

    /// <summary>True if the session came back to the server and seat of its `Resume`.</summary>
    public bool Resumed { get; private set; }

    /// <summary>The identity that the ticket is bound to: as given, or the one made up.</summary>
    public string Client { get; }

    /// <summary>True after Closed or Dispose.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>
    /// Call it in each frame: takes what came in, sends what is due, raises events. Never blocks. What a handler throws
    /// comes out here; the events after it come with the next call.
    /// </summary>
    public void Update()
    {
      if (IsClosed) return;
      _driver.Update();
      while (_untold.Count > 0 && !IsClosed) Raise(_untold.Dequeue());
    }

    /// <summary>The game sent `count` datagrams to its server: every 10 of them a keepalive goes out.</summary>
    public void Sent(int count = 1) => _driver.Sent(count);

    /// <summary>A datagram came from the server: while they come, it is never declared lost.</summary>
    public void Received() => _driver.Received();

    /// <summary>The game has found its server dead by itself: look for another at once.</summary>
    public void ReportLost() => _driver.Lost();

    /// <summary>
    /// Gives an unused seat back and ends: go on calling <see cref="Update" /> until Closed, which takes at most 1.4 s
    /// if nobody answers.
    /// </summary>
    public void Close() => _driver.Close();

    /// <summary>Closes all sockets at once; no event follows.</summary>
    public void Dispose()
    {
      IsClosed = true;
      _driver.Dispose();
    }

    /// <summary>
    /// What is needed to come back to this server and seat after a restart, for <see cref="SessionOptions.Resume" />;
    /// null before Assigned. Keep it as secret as the ticket in it, and anew after each Reassigned.
    /// </summary>
    public string State() => _grant == null ? null : SavedState.Write(Client, _grant);

    private void Raise(SessionEvent what)
    {
      if (what.Grant != null)
      {
        _grant = what.Grant;
        Via = what.Via;
        Resumed |= what.Resumed;
      }
      if (what.Type == SessionEventType.Closed) Dispose();
      Action<SessionEvent> handler = HandlerOf(what.Type);
      if (handler != null) handler(what);
    }

    private Action<SessionEvent> HandlerOf(SessionEventType type)
    {
      switch (type)
      {
        case SessionEventType.Assigned: return Assigned;
        case SessionEventType.Lost: return Lost;
        case SessionEventType.Reassigned: return Reassigned;
        case SessionEventType.Moving: return Moving;
        case SessionEventType.Refused: return Refused;
        case SessionEventType.TicketRefused: return TicketRefused;
        case SessionEventType.Failed: return Failed;
        default: return Closed;
      }
    }
  }
}
