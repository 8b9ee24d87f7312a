// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System;
using System.Collections.Generic;

namespace Onedoor
{
  /// <summary>What a search for a server came to.</summary>
  internal sealed class DoorOutcome
  {
    public readonly DoorAnswer Answer;
    public readonly Via Via;

    public DoorOutcome(DoorAnswer answer, Via via)
    {
      Answer = answer;
      Via = via;
    }

    public static DoorOutcome NoAnswer() => new DoorOutcome(new DoorAnswer(Codes.NoAnswer, 0, null), 0);
  }

  /// <summary>
  /// One new request to the door: by UDP with repeats from new source ports, after 1 s over TCP too, then over HTTP.
  /// All of them stay open until the first answer; the nonce is the same in all packets of a family.
  /// </summary>
  internal sealed class DoorRequest
  {
    /// <summary>Cookies last a minute, so an honest door needs one round, two around the full minute.</summary>
    private const int MaxCookieRounds = 3;
    /// <summary>Of a door with many addresses, the two best are asked over TCP.</summary>
    private const int MaxTcpDoors = 2;
    private const int NoDirectAnswer = 4;

    private enum State
    {
      Due,
      Live,
      Failed,
    }

    /// <summary>
    /// One packet exchange on one source port, or one HTTP request, in the order in which they start.
    /// </summary>
    private sealed class Attempt
    {
      public Via Via;
      public Endpoint Door;
      public long AtMs;
      /// <summary>Repeats say that a direct answer may be what did not arrive.</summary>
      public bool IsRepeat;
      public State State;
      public int Id;
      public byte[] Cookie;
      public int CookieRounds;
      public int PadTo;
    }

    private readonly Shared _shared;
    private readonly HttpWish _wish;
    private readonly List<Attempt> _attempts = new List<Attempt>();
    private readonly long _startedAtMs;
    private byte[] _nonce4, _nonce6;

    public DoorRequest(Shared shared, IList<Endpoint> doors, HttpWish wish, long nowMs)
    {
      _shared = shared;
      _wish = wish;
      _startedAtMs = nowMs;
      for (int i = 0; i < Timing.DoorUdpAtMs.Length && doors.Count > 0; i++)
        Plan(Via.Udp, doors[i % doors.Count], Timing.DoorUdpAtMs[i], i >= doors.Count);
      for (int i = 0; i < MaxTcpDoors && i < doors.Count; i++)
        Plan(Via.Tcp, doors[i], Timing.DoorTcpAtMs + i * Timing.DoorTcpStaggerMs, false);
      if (shared.HasHttp) Plan(Via.Http, null, Timing.DoorHttpAtMs, false);
    }

    public long WakeAtMs
    {
      get
      {
        long wakeAtMs = EndsAtMs();
        for (int i = 0; i < _attempts.Count; i++) wakeAtMs = Math.Min(wakeAtMs, StartAtMs(i));
        return wakeAtMs;
      }
    }

    public DoorOutcome Tick(long nowMs)
    {
      if (nowMs >= EndsAtMs()) return DoorOutcome.NoAnswer();
      for (int i = 0; i < _attempts.Count; i++)
        if (StartAtMs(i) <= nowMs) Start(_attempts[i]);
      foreach (Attempt each in _attempts)
        if (each.State != State.Failed) return null;
      return DoorOutcome.NoAnswer();
    }

    public DoorOutcome Packet(int channel, Endpoint from, Response response)
    {
      Attempt attempt = _attempts.Find(each => each.State != State.Due && each.Door != null && each.Id == channel);
      if (attempt == null) return null;
      int family = Nat64.FamilyBehind(attempt.Door.Address);
      if (!Bytes.Same(response.Nonce, Nonce(family))) return null;
      DoorAnswer answer = Answers.OfDoor(response, family, _shared.Names);
      if (answer != null && answer.Grant != null)
        answer = new DoorAnswer(Nat64.GrantLike(answer.Grant, attempt.Door.Address));
      if (answer == null || !IsTrusted(attempt, from, answer) || Repeats(attempt, answer, response)) return null;
      _shared.Wait = response.Wait;
      return new DoorOutcome(answer, attempt.Via);
    }

    public DoorOutcome HttpAnswer(int request, DoorAnswer answer)
    {
      Attempt attempt =
        _attempts.Find(each => each.Via == Via.Http && each.State == State.Live && each.Id == request);
      if (attempt == null) return null;
      if (answer != null) return new DoorOutcome(answer, Via.Http);
      attempt.State = State.Failed;
      return null;
    }

    /// <summary>A channel that cannot answer any more. A UDP one stays open: what it reported may be forged.</summary>
    public void Failed(int channel)
    {
      Attempt attempt = _attempts.Find(each => each.State == State.Live && each.Id == channel);
      if (attempt != null) attempt.State = State.Failed;
    }

    /// <summary>Closes everything that was opened.</summary>
    public void End()
    {
      foreach (Attempt each in _attempts)
      {
        if (each.State == State.Due) continue;
        if (each.Via == Via.Http) _shared.Host.Cancel(each.Id);
        else _shared.Host.Close(each.Id);
      }
    }

    private void Plan(Via via, Endpoint door, int afterMs, bool isRepeat)
    {
      _attempts.Add(new Attempt
      {
        Via = via,
        Door = door,
        AtMs = _startedAtMs + afterMs,
        IsRepeat = isRepeat,
        PadTo = _shared.DoorPadTo,
      });
    }

    /// <summary>UDP never says that nobody is there; where all else has failed, it is waited for less.</summary>
    private long EndsAtMs()
    {
      int others = 0, failed = 0;
      foreach (Attempt each in _attempts)
      {
        if (each.Via == Via.Udp) continue;
        others++;
        if (each.State == State.Failed) failed++;
      }
      bool isHopeless = others > 0 && others == failed;
      return _startedAtMs + (isHopeless ? Timing.DoorUdpAloneMs : Timing.DoorRequestMs);
    }

    /// <summary>The first attempt, and one whose predecessor has failed, need not wait for their time.</summary>
    private long StartAtMs(int index)
    {
      if (_attempts[index].State != State.Due) return Timing.Never;
      bool isNext = index == 0 || _attempts[index - 1].State == State.Failed;
      return isNext ? long.MinValue : _attempts[index].AtMs;
    }

    private void Start(Attempt attempt)
    {
      attempt.State = State.Live;
      attempt.Id = _shared.NextId();
      if (attempt.Door == null)
      {
        _shared.Host.Post(attempt.Id, _wish);
        return;
      }
      // A UDP socket to the door stays unconnected: a direct answer comes from the server's address.
      _shared.Host.Open(attempt.Id, attempt.Via, attempt.Door, attempt.Via == Via.Tcp);
      Send(attempt);
    }

    private void Send(Attempt attempt)
    {
      int family = Nat64.FamilyBehind(attempt.Door.Address);
      var request = new Request
      {
        Address = Shared.OwnAddress(family),
        Nonce = Nonce(family),
        App = _shared.Names.App,
        World = _shared.Names.World,
        Group = _shared.Names.Group,
        Client = _shared.Client,
        Ticket = _wish.ReportedTicket,
        Avoid = _wish.Avoid,
        Cookie = attempt.Cookie,
        Want = attempt.IsRepeat ? NoDirectAnswer : (int?)null,
        Report = _wish.ReportedTicket == null ? (int?)null : _wish.Refused ? 2 : 1,
        Wait = _shared.Wait,
      };
      // Over TCP a response may be longer than its request, so padding would be waste.
      int padTo = attempt.Via == Via.Tcp ? 0 : attempt.PadTo;
      byte[] packet = request.Write(_shared.Type, padTo);
      if (packet == null)
      {
        // A report is a courtesy; the place in a queue is the client's own.
        request.Ticket = null;
        request.Report = null;
        packet = request.Write(_shared.Type, padTo);
      }
      _shared.Host.Send(attempt.Id, attempt.Door, packet);
    }

    /// <summary>
    /// Answers that ask for the same request once more, from the same port; false if there were enough.
    /// </summary>
    private bool Repeats(Attempt attempt, DoorAnswer answer, Response response)
    {
      if (answer.Code == Codes.CookieRequired && response.Cookie != null && attempt.CookieRounds < MaxCookieRounds)
      {
        attempt.CookieRounds++;
        attempt.Cookie = response.Cookie;
        Send(attempt);
        return true;
      }
      if (answer.Code == Codes.RequestTooSmall && attempt.PadTo < Protocol.MaxPacketBytes)
      {
        _shared.DoorPadTo = attempt.PadTo = Protocol.MaxPacketBytes;
        Send(attempt);
        return true;
      }
      return false;
    }

    /// <summary>
    /// One nonce a family: a door that has answered a nonce repeats that answer, whose address has a family.
    /// </summary>
    private byte[] Nonce(int family)
    {
      if (family == 4) return _nonce4 ?? (_nonce4 = _shared.Nonce());
      return _nonce6 ?? (_nonce6 = _shared.Nonce());
    }

    /// <summary>
    /// Only the address asked may answer, or the probe port of the very server that the answer names.
    /// </summary>
    private static bool IsTrusted(Attempt attempt, Endpoint from, DoorAnswer answer)
    {
      if (from.IsSame(attempt.Door)) return true;
      return attempt.Via == Via.Udp && answer.Grant != null && from.IsSame(answer.Grant.Server.Probe);
    }
  }
}
