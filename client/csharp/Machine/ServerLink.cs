// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System.Collections.Generic;

namespace Onedoor
{
  /// <summary>
  /// The channels to one server's probe port. UDP until it is silent; TCP beside it from the first retransmission on,
  /// or at once where the door was not reached by UDP either; then by what was answered first.
  /// </summary>
  internal sealed class ServerLink
  {
    /// <summary>
    /// The last transmission goes out by a fresh socket: the old one may be bound to a network that is gone.
    /// </summary>
    private const int FreshSocketAt = 2;
    private const int MaxUdpSockets = 2;

    public readonly Endpoint To;
    private readonly Shared _shared;
    private readonly bool _doubtsUdp;
    private readonly List<int> _udp = new List<int>();
    private int _tcp;
    /// <summary>0: not known yet.</summary>
    private Via _path;

    public ServerLink(Shared shared, Endpoint to, bool doubtsUdp)
    {
      _shared = shared;
      To = to;
      _doubtsUdp = doubtsUdp;
    }

    public Via Via => _path == Via.Tcp ? Via.Tcp : Via.Udp;

    /// <summary>
    /// The channel for the n-th transmission of a keepalive by UDP, from 0; 0 if none is to go that way.
    /// </summary>
    public int UdpFor(int transmission)
    {
      if (_path == Via.Tcp) return 0;
      if (_udp.Count == 0 || transmission == FreshSocketAt) _udp.Add(Open(Via.Udp));
      if (_udp.Count > MaxUdpSockets)
      {
        _shared.Host.Close(_udp[0]);
        _udp.RemoveAt(0);
      }
      return _udp[_udp.Count - 1];
    }

    /// <summary>The same by TCP.</summary>
    public int TcpFor(int transmission)
    {
      if (_path == Via.Udp || (_path == 0 && !_doubtsUdp && transmission == 0)) return 0;
      if (_tcp == 0) _tcp = Open(Via.Tcp);
      return _tcp;
    }

    public bool Owns(int channel) => channel == _tcp || _udp.Contains(channel);

    /// <summary>A valid answer came on `channel`: it is the way from now on.</summary>
    public void Heard(int channel)
    {
      if (channel == _tcp)
      {
        if (_path == 0) _path = Via.Tcp;
      }
      else if (_path != Via.Tcp)
      {
        _path = Via.Udp;
        CloseUdp(channel);
        _udp.Add(channel);
      }
      if (_path == Via.Tcp) CloseUdp(0);
      else CloseTcp();
    }

    /// <summary>
    /// A TCP connection ended; the next keepalive makes a new one. A UDP channel goes on after an error.
    /// </summary>
    public void Failed(int channel)
    {
      if (channel == _tcp) CloseTcp();
    }

    public void End()
    {
      CloseUdp(0);
      CloseTcp();
    }

    private int Open(Via via)
    {
      int channel = _shared.NextId();
      _shared.Host.Open(channel, via, To, true);
      return channel;
    }

    private void CloseUdp(int but)
    {
      foreach (int channel in _udp)
        if (channel != but) _shared.Host.Close(channel);
      _udp.Clear();
    }

    private void CloseTcp()
    {
      if (_tcp != 0) _shared.Host.Close(_tcp);
      _tcp = 0;
    }
  }
}
