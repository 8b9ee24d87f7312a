// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System.Collections.Generic;
using System.Text;

namespace Onedoor
{
  /// <summary>The HTTP API of docs/openapi.yaml, as far as a client needs it: assignments and reports.</summary>
  internal sealed class HttpDoor
  {
    private readonly string _base;
    private readonly Names _names;
    private readonly string _client;
    private readonly List<HttpExchange> _questions = new List<HttpExchange>();
    private readonly List<HttpExchange> _reports = new List<HttpExchange>();

    public HttpDoor(string url, Names names, string client)
    {
      _base = url.TrimEnd('/');
      _names = names;
      _client = client;
    }

    public void Post(int request, HttpWish wish, int family)
    {
      // Told beside the question: no answer depends on it.
      if (wish.ReportedTicket != null)
      {
        string report = "{\"ticket\":" + Json.Quote(wish.ReportedTicket) + ",\"reason\":\"";
        _reports.Add(new HttpExchange(0, _base + "/v1/reports", report + (wish.Refused ? "refused\"}" : "silent\"}")));
      }
      _questions.Add(new HttpExchange(request, _base + "/v1/assignments", Question(wish, family)));
    }

    public void Cancel(int request)
    {
      int at = _questions.FindIndex(each => each.Id == request);
      if (at < 0) return;
      _questions[at].Cancel();
      _questions.RemoveAt(at);
    }

    public void CancelAll()
    {
      foreach (HttpExchange each in _questions) each.Cancel();
      foreach (HttpExchange each in _reports) each.Cancel();
      _questions.Clear();
      _reports.Clear();
    }

    /// <summary>
    /// A question that is over, with its answer: null if that could not be understood. False: none is over.
    /// </summary>
    public bool Next(int family, out int request, out DoorAnswer answer)
    {
      for (int i = _reports.Count - 1; i >= 0; i--)
        if (_reports[i].IsDone()) _reports.RemoveAt(i);
      request = 0;
      answer = null;
      for (int i = 0; i < _questions.Count; i++)
      {
        HttpExchange question = _questions[i];
        if (!question.IsDone()) continue;
        _questions.RemoveAt(i);
        request = question.Id;
        answer = Read(question, family);
        return true;
      }
      return false;
    }

    private string Question(HttpWish wish, int family)
    {
      var text = new StringBuilder("{\"client\":").Append(Json.Quote(_client));
      Add(text, "app", _names.App);
      Add(text, "world", _names.World);
      Add(text, "group", _names.Group);
      for (int i = 0; i < wish.Avoid.Count; i++)
        text.Append(i == 0 ? ",\"avoid\":[" : ",").Append(Json.Quote(wish.Avoid[i]));
      if (wish.Avoid.Count > 0) text.Append(']');
      if (family == 6) text.Append(",\"family\":6");
      return text.Append('}').ToString();
    }

    private static void Add(StringBuilder text, string name, string value)
    {
      if (value != null) text.Append(",\"").Append(name).Append("\":").Append(Json.Quote(value));
    }

    private DoorAnswer Read(HttpExchange exchange, int family)
    {
      if (exchange.Status == 0) return null;
      object body = Json.Parse(exchange.Text);
      if (exchange.Status == 201)
      {
        Grant grant = SavedState.ReadGrant(body, family, _names);
        return grant == null ? null : new DoorAnswer(grant);
      }
      // A problem document (RFC 9457); the wait stands in it, or in whole seconds in Retry-After.
      string code = Json.Field(body, "code") as string;
      if (code == null) return null;
      long? waitMs = Json.Count(body, "retryAfterMs", uint.MaxValue);
      long otherwiseMs = (exchange.RetryAfterSeconds ?? 0) * 1000L;
      return new DoorAnswer(code, waitMs ?? otherwiseMs, Json.Field(body, "detail") as string);
    }
  }
}
