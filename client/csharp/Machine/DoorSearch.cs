// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System.Collections.Generic;

namespace Onedoor
{
  /// <summary>
  /// The way to a server through the door: resolve its name, ask. One search at a time; what was learned of the doors
  /// stays from one to the next.
  /// </summary>
  internal sealed class DoorSearch
  {
    private readonly Shared _shared;
    private IList<Endpoint> _doors;
    /// <summary>How far the list of doors is turned: after silence, others come first.</summary>
    private int _turn;
    private HttpWish _wish;
    private DoorRequest _request;
    /// <summary>The first request waits for the doors until then.</summary>
    private long _resolveUntilMs = Timing.Never;

    public DoorSearch(Shared shared)
    {
      _shared = shared;
    }

    public long WakeAtMs => _request != null ? _request.WakeAtMs : _resolveUntilMs;

    /// <summary>The name is resolved anew each time, but only the first request waits for it.</summary>
    public DoorOutcome Start(HttpWish wish, long nowMs)
    {
      _wish = wish;
      _shared.Host.Resolve();
      if (_doors != null) return Ask(nowMs);
      _resolveUntilMs = nowMs + Timing.ResolveMs;
      return null;
    }

    public DoorOutcome Doors(IList<Endpoint> doors, long nowMs)
    {
      if (doors.Count > 0 || _doors == null) _doors = doors;
      return _resolveUntilMs != Timing.Never ? Ask(nowMs) : null;
    }

    public DoorOutcome Packet(int channel, Endpoint from, Response response) =>
      _request == null ? null : Judge(_request.Packet(channel, from, response));

    public DoorOutcome HttpAnswer(int request, DoorAnswer answer) =>
      _request == null ? null : Judge(_request.HttpAnswer(request, answer));

    public void Failed(int channel)
    {
      if (_request != null) _request.Failed(channel);
    }

    public DoorOutcome Tick(long nowMs)
    {
      if (_request != null) return Judge(_request.Tick(nowMs));
      return nowMs >= _resolveUntilMs ? Ask(nowMs) : null;
    }

    public void End()
    {
      if (_request != null) _request.End();
      _request = null;
      _resolveUntilMs = Timing.Never;
    }

    private DoorOutcome Ask(long nowMs)
    {
      _resolveUntilMs = Timing.Never;
      _request = new DoorRequest(_shared, Turned(), _wish, nowMs);
      return Judge(_request.Tick(nowMs));
    }

    private DoorOutcome Judge(DoorOutcome outcome)
    {
      if (outcome == null) return null;
      End();
      if (outcome.Answer.Code == Codes.NoAnswer) _turn += Timing.DoorUdpAtMs.Length;
      return outcome;
    }

    /// <summary>The doors begun further on, so that each comes first once.</summary>
    private IList<Endpoint> Turned()
    {
      var turned = new List<Endpoint>();
      if (_doors == null) return turned;
      int by = _doors.Count <= Timing.DoorUdpAtMs.Length ? 0 : _turn % _doors.Count;
      for (int i = 0; i < _doors.Count; i++) turned.Add(_doors[(i + by) % _doors.Count]);
      return turned;
    }
  }
}
