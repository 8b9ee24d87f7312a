// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;

namespace Onedoor
{
  /// <summary>One socket of a session. Nothing here blocks; what failed is told when the socket is served.</summary>
  internal abstract class Channel
  {
    /// <summary>A flood on one socket must not hold up a frame.</summary>
    private const int ReadsAtOnce = 64;

    public readonly int Id;
    protected readonly Endpoint To;
    protected Socket Socket;
    /// <summary>The socket could not be made, or failed while it was used; told once.</summary>
    protected bool IsBroken;

    protected Channel(int id, Endpoint to)
    {
      Id = id;
      To = to;
    }

    public bool IsOpen { get; private set; } = true;

    protected void Make(SocketType type, ProtocolType protocol)
    {
      AddressFamily family = To.Family == 4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;
      Socket = new Socket(family, type, protocol) { Blocking = false };
    }

    public abstract void Send(Endpoint to, byte[] packet);

    public void Close()
    {
      IsOpen = false;
      if (Socket != null) Socket.Close();
    }

    /// <summary>Hands over what came in.</summary>
    /// <param name="session">gets packets and failures</param>
    /// <param name="buffer">for the bytes of one read</param>
    public void Serve(IChannelOwner session, byte[] buffer)
    {
      if (IsBroken)
      {
        Fail(session);
        return;
      }
      for (int reads = 0; IsOpen && reads < ReadsAtOnce; reads++)
        if (!ServeOne(session, buffer)) return;
    }

    /// <summary>False if there is nothing more.</summary>
    protected abstract bool ServeOne(IChannelOwner session, byte[] buffer);

    protected abstract void Fail(IChannelOwner session);
  }

  /// <summary>Who has channels.</summary>
  internal interface IChannelOwner
  {
    void OnPacket(int channel, Endpoint from, byte[] bytes, int length);
    void OnFailed(int channel);
  }

  /// <summary>A UDP socket with an ephemeral port; connected, it gets what `to` sends alone, and ICMP errors.</summary>
  internal sealed class UdpChannel : Channel
  {
    private readonly bool _connected;
    private EndPoint _anybody;

    public UdpChannel(int id, Endpoint to, bool connected)
      : base(id, to)
    {
      _connected = connected;
      _anybody = new IPEndPoint(to.Family == 4 ? IPAddress.Any : IPAddress.IPv6Any, 0);
      try
      {
        Make(SocketType.Dgram, ProtocolType.Udp);
        if (connected) Socket.Connect(to.ToIPEndPoint());
        else Socket.Bind(_anybody);
      }
      catch (SocketException)
      {
        IsBroken = true;
      }
    }

    public override void Send(Endpoint to, byte[] packet)
    {
      if (IsBroken) return;
      try
      {
        if (_connected) Socket.Send(packet);
        else Socket.SendTo(packet, to.ToIPEndPoint());
      }
      catch (SocketException error)
      {
        // A datagram that does not fit into the system's queue is like one that was lost.
        if (error.SocketErrorCode != SocketError.WouldBlock) IsBroken = true;
      }
    }

    protected override bool ServeOne(IChannelOwner session, byte[] buffer)
    {
      try
      {
        if (!Socket.Poll(0, SelectMode.SelectRead)) return false;
        Endpoint from = To;
        int length;
        if (_connected)
        {
          length = Socket.Receive(buffer);
        }
        else
        {
          EndPoint source = _anybody;
          length = Socket.ReceiveFrom(buffer, ref source);
          var ip = (IPEndPoint)source;
          from = new Endpoint(ip.Address.GetAddressBytes(), ip.Port);
        }
        session.OnPacket(Id, from, buffer, length);
        return true;
      }
      catch (SocketException error)
      {
        // A datagram longer than any packet is none.
        if (error.SocketErrorCode == SocketError.MessageSize) return true;
        if (error.SocketErrorCode != SocketError.WouldBlock) Fail(session);
        return false;
      }
    }

    /// <summary>A hint: the channel goes on, unless there is no socket at all.</summary>
    protected override void Fail(IChannelOwner session)
    {
      IsBroken = false;
      if (Socket == null) Close();
      session.OnFailed(Id);
    }
  }

  /// <summary>A TCP connection; what is sent before it stands goes out as soon as it does.</summary>
  internal sealed class TcpChannel : Channel
  {
    private readonly Framer _framer = new Framer();
    private readonly List<byte[]> _unsent = new List<byte[]>();
    private int _unsentAt;
    private bool _isConnected;

    public TcpChannel(int id, Endpoint to)
      : base(id, to)
    {
      try
      {
        Make(SocketType.Stream, ProtocolType.Tcp);
        Socket.NoDelay = true;
        Socket.Connect(to.ToIPEndPoint());
        _isConnected = true;
      }
      catch (SocketException error)
      {
        SocketError code = error.SocketErrorCode;
        IsBroken = code != SocketError.WouldBlock && code != SocketError.InProgress && code != SocketError.IOPending;
      }
    }

    public override void Send(Endpoint to, byte[] packet)
    {
      _unsent.Add(packet);
      if (_isConnected && !IsBroken) IsBroken = !Flush();
    }

    protected override bool ServeOne(IChannelOwner session, byte[] buffer)
    {
      try
      {
        if (!_isConnected)
        {
          if (Socket.Poll(0, SelectMode.SelectError)) Fail(session);
          else _isConnected = Socket.Poll(0, SelectMode.SelectWrite);
          if (!_isConnected || !IsOpen) return false;
        }
        // A connection that was refused is found by writing to it; there is always something to write.
        if (!Flush() || (Socket.Poll(0, SelectMode.SelectRead) && !Read(session, buffer)))
        {
          Fail(session);
          return false;
        }
        return false;
      }
      catch (SocketException)
      {
        Fail(session);
        return false;
      }
    }

    /// <summary>False: the connection is over.</summary>
    private bool Read(IChannelOwner session, byte[] buffer)
    {
      SocketError error;
      int most = Math.Min(buffer.Length, _framer.Room);
      int length = Socket.Receive(buffer, 0, most, SocketFlags.None, out error);
      if (error == SocketError.WouldBlock) return true;
      if (error != SocketError.Success || length == 0) return false;
      _framer.Push(buffer, 0, length);
      for (byte[] packet = _framer.Next(); packet != null && IsOpen; packet = _framer.Next())
        session.OnPacket(Id, To, packet, packet.Length);
      return _framer.Reason == DropReason.None;
    }

    private bool Flush()
    {
      while (_unsent.Count > 0)
      {
        SocketError error;
        byte[] first = _unsent[0];
        int sent = Socket.Send(first, _unsentAt, first.Length - _unsentAt, SocketFlags.None, out error);
        if (error == SocketError.WouldBlock) return true;
        if (error != SocketError.Success) return false;
        _unsentAt += sent;
        if (_unsentAt < first.Length) return true;
        _unsent.RemoveAt(0);
        _unsentAt = 0;
      }
      return true;
    }

    protected override void Fail(IChannelOwner session)
    {
      if (!IsOpen) return;
      Close();
      session.OnFailed(Id);
    }
  }
}
