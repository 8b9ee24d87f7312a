// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System.Collections.Generic;

namespace Onedoor
{
  internal enum TrialOutcome
  {
    Nothing,
    /// <summary>A server has taken the client in.</summary>
    Joined,
    /// <summary>None did.</summary>
    Exhausted,
  }

  /// <summary>
  /// Servers tried one after the other until one takes the client in: the alternates of a lost server, or the own
  /// server and its alternates after a restart.
  /// </summary>
  internal sealed class Trial
  {
    private readonly Shared _shared;
    private readonly bool _doubtsUdp;
    /// <summary>
    /// Id of the server that the ticket is for: when it refuses, the ticket is worth nothing elsewhere either.
    /// </summary>
    private readonly string _owner;
    private readonly List<Server> _rest;

    /// <param name="shared">of the session</param>
    /// <param name="watch">the first of them, watched already</param>
    /// <param name="rest">the ones after it</param>
    /// <param name="doubtsUdp">try TCP beside UDP from the start</param>
    /// <param name="owner">id of the server that the ticket is for; null: it is not among them</param>
    public Trial(Shared shared, ServerWatch watch, IEnumerable<Server> rest, bool doubtsUdp, string owner)
    {
      _shared = shared;
      Watch = watch;
      _rest = new List<Server>(rest);
      _doubtsUdp = doubtsUdp;
      _owner = owner;
    }

    /// <summary>The one that is tried now.</summary>
    public ServerWatch Watch { get; private set; }

    /// <summary>
    /// Who has a ticket shows it to alternates in haste; the ticket's own server, and one that needs none, get their
    /// time.
    /// </summary>
    public static ServerWatch WatchOf(Shared shared, Grant grant, bool doubtsUdp, string owner, long nowMs)
    {
      bool isAlternate = grant.Ticket != null && (owner == null || grant.Server.Id != owner);
      int patienceMs = isAlternate ? Timing.AlternateTimeoutMs : Timing.MaxTimeoutMs;
      return new ServerWatch(shared, grant, doubtsUdp, nowMs, patienceMs);
    }

    public TrialOutcome Tick(long nowMs) => Settle(Watch.Tick(nowMs), nowMs);

    public TrialOutcome Packet(int channel, Endpoint from, Response response, long nowMs) =>
      Settle(Watch.Packet(channel, from, response, nowMs), nowMs);

    private TrialOutcome Settle(WatchOutcome outcome, long nowMs)
    {
      if (Watch.Accepted) return TrialOutcome.Joined;
      if (outcome == WatchOutcome.Nothing) return TrialOutcome.Nothing;
      Grant grant = Watch.Grant;
      Watch.End();
      bool isOver = outcome == WatchOutcome.Refused && _owner != null && grant.Server.Id == _owner;
      if (_rest.Count == 0 || isOver) return TrialOutcome.Exhausted;
      Server next = _rest[0];
      _rest.RemoveAt(0);
      Watch = WatchOf(_shared, grant.On(next, _rest.ToArray()), _doubtsUdp, _owner, nowMs);
      return TrialOutcome.Nothing;
    }
  }
}
