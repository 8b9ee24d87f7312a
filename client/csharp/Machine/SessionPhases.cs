// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System;
using System.Collections.Generic;

namespace Onedoor
{
  // How a session goes from one state to the next.
  public sealed partial class SessionMachine
  {
    private void Ask(long nowMs)
    {
      var wish = new HttpWish(_avoid.ToArray(), _reportedTicket, _reportRefused);
      _reportedTicket = null;
      _phase = Phase.Searching;
      Found(_search.Start(wish, nowMs), nowMs);
    }

    private void Found(DoorOutcome outcome, long nowMs)
    {
      if (outcome == null || _phase != Phase.Searching) return;
      Grant grant = outcome.Answer.Grant;
      if (grant == null)
      {
        Refused(outcome.Answer, nowMs);
        return;
      }
      _sinceMs = nowMs;
      Play(new ServerWatch(_shared, grant, outcome.Via != Via.Udp, nowMs), outcome.Via);
    }

    private void Refused(DoorAnswer why, long nowMs)
    {
      if (_granted == null && Codes.IsHopeless(why.Code))
      {
        _shared.Host.Tell(new SessionEvent { Type = SessionEventType.Failed, Code = why.Code, Detail = why.Detail });
        End();
        return;
      }
      if (Codes.IsNoServer(why.Code)) _avoid.Clear();
      _shared.Host.Tell(new SessionEvent
      {
        Type = SessionEventType.Refused,
        Code = why.Code,
        Detail = why.Detail,
        RetryInMs = BackOff(why.RetryAfterMs, nowMs),
      });
    }

    private long BackOff(long retryAfterMs, long nowMs)
    {
      long retryInMs = _shared.BackoffMs(_failures++, retryAfterMs);
      _phase = Phase.Waiting;
      _waitUntilMs = nowMs + retryInMs;
      return retryInMs;
    }

    /// <summary>The game gets a server.</summary>
    private void Play(ServerWatch watch, Via via)
    {
      Grant from = _granted, grant = watch.Grant;
      bool resumed = _resume != null && grant.Ticket == _resume.Ticket && grant.Server.Id == _resume.Server.Id;
      _granted = grant;
      _via = via;
      _trial = null;
      _session = new ServerSession(_shared, watch);
      _phase = Phase.Playing;
      _shared.Host.Tell(new SessionEvent
      {
        Type = from == null ? SessionEventType.Assigned : SessionEventType.Reassigned,
        Server = grant.Server,
        From = from == null ? null : from.Server,
        Via = via,
        Resumed = from == null && resumed,
        Grant = grant,
      });
      if (watch.Accepted) Confirm();
    }

    /// <summary>The server has answered: what went wrong before is over.</summary>
    private void Confirm()
    {
      _failures = 0;
      _avoid.Clear();
    }

    private void Settle(WatchOutcome outcome, long nowMs)
    {
      if (_session.Watch.Accepted) Confirm();
      if (_session.HasMoved) Play(_session.Joining, _session.Joining.Via);
      else if (outcome == WatchOutcome.Silent) Lose(LossReason.Silent, null, nowMs);
      else if (outcome == WatchOutcome.Refused) Lose(LossReason.Refused, _session.Watch.Answer.Code, nowMs);
    }

    private void SettleTrial(TrialOutcome outcome, long nowMs)
    {
      if (outcome == TrialOutcome.Joined) Play(_trial.Watch, _trial.Watch.Via);
      else if (outcome == TrialOutcome.Exhausted) GivenUp(nowMs);
    }

    private void Lose(LossReason reason, string code, long nowMs)
    {
      ServerWatch watch = _session.Watch, joining = _session.Joining;
      Grant grant = watch.Grant;
      _session = null;
      watch.End();
      _granted = grant;
      Shun(grant, reason == LossReason.Refused);
      _shared.Host.Tell(
        new SessionEvent { Type = SessionEventType.Lost, Server = grant.Server, Reason = reason, Code = code });
      // A server that never answered counts like a refusal of the door: else a broken pool would be asked without
      // pause.
      if (!watch.Accepted) _failures = Math.Max(1, _failures);
      if (joining != null)
      {
        _trial = new Trial(_shared, joining, joining.Grant.Alternates, _via != Via.Udp, null);
        _phase = Phase.Trying;
        return;
      }
      // Servers do not refuse whole crowds at once.
      if (reason == LossReason.Refused) _sinceMs = nowMs;
      // A ticket that was refused here is no better at an alternate.
      bool isWorthless = reason == LossReason.Refused || grant.Ticket == null;
      Try(grant, isWorthless ? new Server[0] : grant.Alternates, grant.Server.Id, nowMs);
    }

    private void Shun(Grant grant, bool refused)
    {
      string id = grant.Server.Id;
      if (id != "")
      {
        _avoid.Remove(id);
        _avoid.Insert(0, id);
        if (_avoid.Count > Protocol.MaxAvoid) _avoid.RemoveAt(Protocol.MaxAvoid);
      }
      _reportedTicket = grant.Ticket;
      _reportRefused = refused;
    }

    /// <summary>These servers in turn, with what `grant` has for them; then the door.</summary>
    private void Try(Grant grant, IList<Server> servers, string owner, long nowMs)
    {
      if (servers.Count == 0)
      {
        GivenUp(nowMs);
        return;
      }
      var rest = new List<Server>(servers);
      rest.RemoveAt(0);
      string ticketOf = owner == "" ? null : owner;
      Grant first = grant.On(servers[0], rest.ToArray());
      ServerWatch watch = Trial.WatchOf(_shared, first, _via != Via.Udp, ticketOf, nowMs);
      _trial = new Trial(_shared, watch, rest, _via != Via.Udp, ticketOf);
      _phase = Phase.Trying;
    }

    /// <summary>
    /// No server was left to try: the door. Those that one server's death sends there come one after the other.
    /// </summary>
    private void GivenUp(long nowMs)
    {
      if (_resume != null && _granted == null) Shun(_resume, false);
      _resume = null;
      _trial = null;
      if (_failures > 0) BackOff(0, nowMs);
      else if (_granted == null) Ask(nowMs);
      else
      {
        _phase = Phase.Waiting;
        _waitUntilMs = nowMs + _shared.StormMs(nowMs - _sinceMs);
      }
    }

    private void End()
    {
      if (_phase == Phase.Leaving) _leaving.End();
      if (_phase == Phase.Trying) _trial.Watch.End();
      Server last = _granted == null ? null : _granted.Server;
      _phase = Phase.Closed;
      _shared.Host.Tell(new SessionEvent { Type = SessionEventType.Closed, Server = last });
    }

    private static IList<Server> Joined(Server first, IList<Server> others)
    {
      var all = new List<Server> { first };
      all.AddRange(others);
      return all;
    }
  }
}
