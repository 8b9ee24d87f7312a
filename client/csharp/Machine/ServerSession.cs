// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System;

namespace Onedoor
{
  /// <summary>
  /// A client's session on its server: the watch over it and, once that server says that it is going away, the way over
  /// to the one it names. The session here goes on until that one has accepted the client (docs/PROTOCOL.md, "States").
  /// </summary>
  internal sealed class ServerSession
  {
    private enum Told
    {
      Nothing,
      Moving,
      Named,
    }

    public readonly ServerWatch Watch;
    private readonly Shared _shared;
    private Told _told;

    public ServerSession(Shared shared, ServerWatch watch)
    {
      _shared = shared;
      Watch = watch;
    }

    /// <summary>Where the server has sent this client, not confirmed yet; null: nowhere.</summary>
    public ServerWatch Joining { get; private set; }

    public long WakeAtMs => Joining == null ? Watch.WakeAtMs : Math.Min(Watch.WakeAtMs, Joining.WakeAtMs);

    /// <summary>True: the server that this one named has taken the client in; it is <see cref="Joining" />.</summary>
    public bool HasMoved => Joining != null && Joining.Accepted;

    /// <summary>Silent or Refused: lost.</summary>
    public WatchOutcome Tick(long nowMs)
    {
      if (Joining != null) SettleJoining(Joining.Tick(nowMs));
      return HasMoved ? WatchOutcome.Nothing : Settle(Watch.Tick(nowMs), nowMs);
    }

    public WatchOutcome Packet(int channel, Endpoint from, Response response, long nowMs)
    {
      if (Joining != null) SettleJoining(Joining.Packet(channel, from, response, nowMs));
      return HasMoved ? WatchOutcome.Nothing : Settle(Watch.Packet(channel, from, response, nowMs), nowMs);
    }

    public void Failed(int channel, long nowMs)
    {
      if (Joining != null) Joining.Failed(channel, nowMs);
      Watch.Failed(channel, nowMs);
    }

    /// <summary>
    /// Gives an unused seat back, here or where the way leads; the watch that waits for the answer, or null.
    /// </summary>
    public ServerWatch Leave(long nowMs)
    {
      ServerWatch leaving = Joining != null && Joining.Leave(nowMs) ? Joining : Watch.Leave(nowMs) ? Watch : null;
      if (Joining != null && Joining != leaving) Joining.End();
      if (Watch != leaving) Watch.End();
      return leaving;
    }

    private WatchOutcome Settle(WatchOutcome outcome, long nowMs)
    {
      if (outcome != WatchOutcome.Moving) return outcome;
      Follow(Watch.Answer, nowMs);
      return WatchOutcome.Nothing;
    }

    /// <summary>One way at a time: the same seat is named again in every answer until the client has gone.</summary>
    private void Follow(KeepaliveAnswer answer, long nowMs)
    {
      Told told = answer.Grant == null ? Told.Moving : Told.Named;
      if (told != _told)
      {
        _shared.Host.Tell(new SessionEvent
        {
          Type = SessionEventType.Moving,
          Server = Watch.Grant.Server,
          EndsInMs = answer.EndsInMs,
          Named = told == Told.Named,
        });
      }
      _told = told;
      if (answer.Grant != null && Joining == null)
        Joining = new ServerWatch(_shared, answer.Grant, Watch.Via == Via.Tcp, nowMs);
    }

    private void SettleJoining(WatchOutcome outcome)
    {
      if (Joining.Accepted)
      {
        Watch.End();
        return;
      }
      if (outcome == WatchOutcome.Nothing) return;
      Joining.End();
      Joining = null;
    }
  }
}
