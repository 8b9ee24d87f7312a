// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System;
using System.Collections.Generic;

namespace Onedoor
{
  /// <summary>
  /// The client's side of docs/PROTOCOL.md without any I/O: asks the door, keeps the session with the assigned server
  /// alive, finds out that it is lost, and finds another. Time comes with each call, in milliseconds of a clock that
  /// never goes back; everything that is to happen goes to the host. <see cref="Session" /> is this with sockets.
  /// </summary>
  public sealed partial class SessionMachine
  {
    private enum Phase
    {
      Idle,
      /// <summary>The door is on its way to give a server.</summary>
      Searching,
      Waiting,
      Playing,
      /// <summary>Servers are tried without the door.</summary>
      Trying,
      Leaving,
      Closed,
    }

    private readonly Shared _shared;
    private readonly DoorSearch _search;
    private Phase _phase;
    private long _waitUntilMs;
    /// <summary>When the door gave the last server.</summary>
    private long _sinceMs;
    private ServerSession _session;
    private Trial _trial;
    private ServerWatch _leaving;
    /// <summary>Requests in a row that gave no confirmed session.</summary>
    private int _failures;
    /// <summary>The newest first; forgotten once another server is confirmed, or when nothing else is left.</summary>
    private readonly List<string> _avoid = new List<string>();
    /// <summary>Goes into one request: the first after a loss.</summary>
    private string _reportedTicket;
    private bool _reportRefused;
    private Grant _granted, _resume;
    private Via _via = Via.Udp;

    /// <summary>A session that has not started.</summary>
    public SessionMachine(SessionOptions options, ISessionHost host)
    {
      _shared = new Shared(options, host);
      _search = new DoorSearch(_shared);
    }

    /// <summary>The server and seat that the game has; null before the first.</summary>
    public Grant Granted => _phase == Phase.Playing ? _session.Watch.Grant : _granted;

    /// <summary>When <see cref="Tick" /> is due, at once if that is past; long.MaxValue: never.</summary>
    public long WakeAtMs
    {
      get
      {
        switch (_phase)
        {
          case Phase.Waiting: return _waitUntilMs;
          case Phase.Searching: return _search.WakeAtMs;
          case Phase.Playing: return _session.WakeAtMs;
          case Phase.Leaving: return _leaving.WakeAtMs;
          case Phase.Trying: return _trial.Watch.WakeAtMs;
          default: return Timing.Never;
        }
      }
    }

    /// <summary>Starts; with a grant of before a restart that is tried before the door is asked.</summary>
    public void Start(Grant resume, long nowMs)
    {
      if (_phase != Phase.Idle) return;
      _resume = resume;
      if (resume == null) Ask(nowMs);
      else Try(resume, Joined(resume.Server, resume.Alternates), resume.Server.Id, nowMs);
    }

    /// <summary>Addresses of the door, best first; none if the name has none or could not be resolved.</summary>
    public void Doors(IList<Endpoint> doors, long nowMs) => Found(_search.Doors(doors, nowMs), nowMs);

    /// <summary>Null: no answer that could be understood.</summary>
    public void HttpAnswer(int request, DoorAnswer answer, long nowMs) =>
      Found(_search.HttpAnswer(request, answer), nowMs);

    /// <summary>One packet: a datagram's payload or what a <see cref="Framer" /> cut from a stream.</summary>
    public void Packet(int channel, Endpoint from, byte[] bytes, int length, long nowMs)
    {
      Response response = Answers.Read(bytes, length, _shared.Type);
      if (response == null) return;
      switch (_phase)
      {
        case Phase.Searching:
          Found(_search.Packet(channel, from, response), nowMs);
          return;
        case Phase.Playing:
          Settle(_session.Packet(channel, from, response, nowMs), nowMs);
          return;
        case Phase.Trying:
          SettleTrial(_trial.Packet(channel, from, response, nowMs), nowMs);
          return;
        case Phase.Leaving:
          if (_leaving.Packet(channel, from, response, nowMs) != WatchOutcome.Nothing) End();
          return;
      }
    }

    /// <summary>
    /// The channel reported an error or, TCP, was closed. For UDP a hint: it may be forged, and the channel goes on.
    /// </summary>
    public void ChannelFailed(int channel, long nowMs)
    {
      if (_phase == Phase.Searching) _search.Failed(channel);
      else if (_phase == Phase.Playing) _session.Failed(channel, nowMs);
      else if (_phase == Phase.Trying) _trial.Watch.Failed(channel, nowMs);
      else if (_phase == Phase.Leaving) _leaving.Failed(channel, nowMs);
    }

    /// <summary>
    /// Whatever is due by now. Hand over what the sockets hold before: after a pause of the whole process, answers that
    /// wait there count before silence is judged.
    /// </summary>
    public void Tick(long nowMs)
    {
      if (_phase == Phase.Searching) Found(_search.Tick(nowMs), nowMs);
      else if (_phase == Phase.Playing) Settle(_session.Tick(nowMs), nowMs);
      else if (_phase == Phase.Trying) SettleTrial(_trial.Tick(nowMs), nowMs);
      else if (_phase == Phase.Waiting && nowMs >= _waitUntilMs) Ask(nowMs);
      else if (_phase == Phase.Leaving && _leaving.Tick(nowMs) != WatchOutcome.Nothing) End();
    }

    /// <summary>The game sent so many datagrams to its server.</summary>
    public void Sent(int count, long nowMs)
    {
      if (_phase == Phase.Playing && count > 0) _session.Watch.Sent(count, nowMs);
    }

    /// <summary>The game got a datagram from its server.</summary>
    public void Received(long nowMs)
    {
      if (_phase == Phase.Playing) _session.Watch.Received(nowMs);
    }

    /// <summary>The game found its server dead.</summary>
    public void Lost(long nowMs)
    {
      if (_phase == Phase.Playing) Lose(LossReason.Reported, null, nowMs);
    }

    /// <summary>Ends the session; a seat that was never used is given back.</summary>
    public void Close(long nowMs)
    {
      if (_phase == Phase.Closed || _phase == Phase.Leaving) return;
      _search.End();
      _leaving = _phase == Phase.Playing ? _session.Leave(nowMs) : null;
      if (_leaving != null) _phase = Phase.Leaving;
      else End();
    }
  }
}
