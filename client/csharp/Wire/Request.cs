// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System;
using System.Collections.Generic;

namespace Onedoor
{
  /// <summary>Fields of a request (docs/PROTOCOL.md, section 2); what is null is left out.</summary>
  public sealed class Request
  {
    /// <summary>16 bytes: whose family is asked for.</summary>
    public byte[] Address;
    /// <summary>8 bytes.</summary>
    public byte[] Nonce;
    /// <summary>1..32 bytes of UTF-8.</summary>
    public string App;
    /// <summary>1..32 bytes of UTF-8.</summary>
    public string World;
    /// <summary>1..32 bytes of UTF-8.</summary>
    public string Group;
    /// <summary>1..32 bytes.</summary>
    public byte[] Client;
    /// <summary>The ticket held.</summary>
    public string Ticket;
    /// <summary>Up to three ids.</summary>
    public IList<string> Avoid;
    /// <summary>20 bytes.</summary>
    public byte[] Cookie;
    /// <summary>Bits: 1 a roster page, 2 a lobby page, 4 direct answers do not reach me.</summary>
    public int? Want;
    /// <summary>1 the server of the ticket is silent, 2 it refused me.</summary>
    public int? Report;
    /// <summary>The wait token of a refusal.</summary>
    public string Wait;
    /// <summary>Page of a roster or lobby.</summary>
    public int? Page;
    /// <summary>Id of the server that the client chose.</summary>
    public string Pick;
    /// <summary>Gives the seat of the ticket back.</summary>
    public bool Leave;

    /// <summary>Options in ascending order, padding last; null if they do not fit into a packet.</summary>
    /// <param name="type">the deployment's packet type</param>
    /// <param name="padTo">bytes that the packet has at least</param>
    public byte[] Write(int type, int padTo)
    {
      var writer = new Writer(type, Address);
      writer.Put(Option.Nonce, Nonce);
      writer.Put(Option.App, App);
      writer.Put(Option.World, World);
      writer.Put(Option.Group, Group);
      writer.Put(Option.Client, Client);
      writer.Put(Option.Ticket, Ticket);
      if (Avoid != null && Avoid.Count > 0) writer.Put(Option.Avoid, Listed(Avoid));
      writer.Put(Option.Cookie, Cookie);
      writer.PutByte(Option.Want, Want);
      writer.PutByte(Option.Report, Report);
      writer.Put(Option.Wait, Wait);
      if (Page.HasValue) writer.Put(Option.Page, new[] { (byte)(Page.Value >> 8), (byte)Page.Value });
      writer.Put(Option.Pick, Pick);
      if (Leave) writer.Put(Option.Leave, new byte[0]);
      return writer.End(padTo);
    }

    /// <summary>The classic request of 8 bytes (family 4) or 20 (family 6), with an address of zeroes.</summary>
    public static byte[] WriteClassic(int family, int type)
    {
      var packet = new byte[family == 6 ? 20 : 8];
      packet[1] = (byte)packet.Length;
      packet[2] = (byte)(type >> 8);
      packet[3] = (byte)type;
      return packet;
    }

    private static byte[] Listed(IList<string> ids)
    {
      var value = new List<byte>();
      foreach (string id in ids)
      {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(id);
        value.Add((byte)bytes.Length);
        value.AddRange(bytes);
      }
      return value.ToArray();
    }

    private sealed class Writer
    {
      private readonly byte[] _packet = new byte[Protocol.MaxPacketBytes];
      private int _at = Protocol.HeaderBytes;
      private bool _isOver;

      public Writer(int type, byte[] address)
      {
        Put16(2, type);
        Buffer.BlockCopy(address, 0, _packet, 4, 16);
      }

      public void Put(int code, string text)
      {
        if (text != null) Put(code, System.Text.Encoding.UTF8.GetBytes(text));
      }

      public void PutByte(int code, int? value)
      {
        if (value.HasValue) Put(code, new[] { (byte)value.Value });
      }

      public void Put(int code, byte[] value)
      {
        if (value == null || _isOver) return;
        _isOver = _packet.Length - _at < 3 + value.Length;
        if (_isOver) return;
        _packet[_at] = (byte)code;
        Put16(_at + 1, value.Length);
        Buffer.BlockCopy(value, 0, _packet, _at + 3, value.Length);
        _at += 3 + value.Length;
      }

      /// <summary>Padding has three bytes at least: docs/PROTOCOL.md, "Writing a packet".</summary>
      public byte[] End(int padTo)
      {
        if (_isOver) return null;
        bool isPadded = _at < padTo && _at <= Protocol.MaxPacketBytes - 3;
        if (isPadded) Put(Option.Padding, new byte[Math.Max(0, padTo - _at - 3)]);
        Put16(0, _at);
        return Bytes.Slice(_packet, 0, _at);
      }

      private void Put16(int at, int value)
      {
        _packet[at] = (byte)(value >> 8);
        _packet[at + 1] = (byte)value;
      }
    }
  }
}
