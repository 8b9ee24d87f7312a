// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System;
using System.IO;
using System.Net;
using System.Text;

namespace Onedoor
{
  /// <summary>
  /// One POST with a body of JSON, looked after by <see cref="IsDone" />: .NET carries it in its own background,
  /// nothing here blocks, and nothing is thrown.
  /// </summary>
  internal sealed class HttpExchange
  {
    /// <summary>Whoever sends more is no door.</summary>
    private const int MaxBodyBytes = 64 * 1024;

    private readonly HttpWebRequest _request;
    private readonly byte[] _body;
    private readonly MemoryStream _answer = new MemoryStream();
    private readonly byte[] _buffer = new byte[4096];
    private Stream _stream;
    private IAsyncResult _pending;
    private Func<IAsyncResult, bool> _next;
    private WebResponse _response;

    public readonly int Id;

    public HttpExchange(int id, string url, string json)
    {
      Id = id;
      _body = Encoding.UTF8.GetBytes(json);
      try
      {
        _request = (HttpWebRequest)WebRequest.Create(url);
        _request.Method = "POST";
        _request.Accept = _request.ContentType = "application/json";
        _request.ContentLength = _body.Length;
        // A redirection is no answer; a few requests in a session's life need no pool of connections.
        _request.AllowAutoRedirect = false;
        _request.KeepAlive = false;
        _request.ServicePoint.Expect100Continue = false;
        Await(_request.BeginGetRequestStream(null, null), WriteBody);
      }
      catch (Exception)
      {
        // Whatever .NET throws here means that there is no answer; the runtimes differ in what that is.
        End();
      }
    }

    /// <summary>Status of the answer; 0: there was none.</summary>
    public int Status { get; private set; }

    /// <summary>Seconds of Retry-After; null if there was none.</summary>
    public int? RetryAfterSeconds { get; private set; }

    public string Text => Encoding.UTF8.GetString(_answer.ToArray());

    /// <summary>Goes on with what has come; true once the exchange is over.</summary>
    public bool IsDone()
    {
      try
      {
        while (_pending != null && _pending.IsCompleted)
        {
          Func<IAsyncResult, bool> next = _next;
          IAsyncResult done = _pending;
          _pending = null;
          if (!next(done)) End();
        }
      }
      catch (Exception)
      {
        Status = 0;
        End();
      }
      return _pending == null;
    }

    public void Cancel()
    {
      _pending = null;
      if (_request != null) _request.Abort();
      End();
    }

    private bool Await(IAsyncResult pending, Func<IAsyncResult, bool> next)
    {
      _pending = pending;
      _next = next;
      return true;
    }

    private bool WriteBody(IAsyncResult done)
    {
      using (Stream stream = _request.EndGetRequestStream(done)) stream.Write(_body, 0, _body.Length);
      return Await(_request.BeginGetResponse(null, null), ReadHead);
    }

    private bool ReadHead(IAsyncResult done)
    {
      try
      {
        _response = _request.EndGetResponse(done);
      }
      catch (WebException error)
      {
        // A status of 400 and more is an answer like others.
        if (error.Response == null) return false;
        _response = error.Response;
      }
      var http = (HttpWebResponse)_response;
      Status = (int)http.StatusCode;
      int seconds;
      if (int.TryParse(http.Headers["Retry-After"], out seconds) && seconds >= 0) RetryAfterSeconds = seconds;
      _stream = http.GetResponseStream();
      return Await(_stream.BeginRead(_buffer, 0, _buffer.Length, null, null), ReadBody);
    }

    private bool ReadBody(IAsyncResult done)
    {
      int length = _stream.EndRead(done);
      if (length == 0) return false;
      _answer.Write(_buffer, 0, length);
      if (_answer.Length > MaxBodyBytes)
      {
        Status = 0;
        return false;
      }
      return Await(_stream.BeginRead(_buffer, 0, _buffer.Length, null, null), ReadBody);
    }

    private void End()
    {
      _pending = null;
      if (_response != null) _response.Close();
      _response = null;
    }
  }
}
