#include "common/http_client.h"

#include <stdlib.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"
#include "tests/contract/http_server.h"
#include "tests/contract/keys.h"
#include "tests/crash/port.h"

namespace campaign {
namespace {

using ::campaign::testing::StatusIs;
using ::campaign::testing::TempDir;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using Code = absl::StatusCode;

class HttpClientTest : public ::testing::Test {
 protected:
  HttpRequest Request(absl::string_view words = "", absl::string_view path = "/echo") const {
    return {.url = space_.Url(words, path), .headers = {{"Content-Type", "text/plain"}}, .body = "hello"};
  }
  HttpResult Call(absl::string_view words, absl::string_view path = "/echo") {
    return client_.Call(Request(words, path));
  }
  // With so little time that a server that says nothing is given up on soon.
  HttpResult CallBriefly(absl::string_view words) {
    HttpRequest request = Request(words);
    request.timeout = absl::Milliseconds(250);
    return client_.Call(request);
  }
  // How many connections the requests came over.
  size_t Connections() const {
    std::set<int> connections;
    for (const json& request : space_.Requests()) connections.insert(request["connection"].get<int>());
    return connections.size();
  }

  contract::Space space_{contract::SharedServer()};
  HttpClient client_;
};

TEST_F(HttpClientTest, SendsTheRequestAndReadsTheAnswer) {
  HttpRequest request = Request();
  request.headers.push_back({"X-Empty", ""});
  request.body = std::string("a\0b \xC3\xA9", 6);
  const HttpResult result = client_.Call(request);
  ASSERT_OK(result.status);
  EXPECT_EQ(result.response.status, 200);
  EXPECT_EQ(result.response.Header("x-test"), "a, b");
  EXPECT_EQ(result.response.Header("x-none"), "");
  EXPECT_EQ(json::parse(result.response.body)["body"], request.body);
  const json seen = space_.Requests()[0];
  EXPECT_EQ(seen["method"], "POST");
  EXPECT_EQ(seen["path"], "/echo");
  EXPECT_EQ(seen["headers"]["content-type"], "text/plain");
  EXPECT_EQ(seen["headers"]["content-length"], "6");
  EXPECT_EQ(seen["headers"]["x-empty"], "");
  EXPECT_EQ(seen["headers"]["user-agent"], "campaign");
  EXPECT_FALSE(seen["headers"].contains("expect"));
}

TEST_F(HttpClientTest, SendsMethodsAsTheyAre) {
  for (const char* method : {"GET", "PUT", "HEAD", "POST"}) {
    HttpRequest request = Request();
    request.method = method;
    if (request.method == "GET" || request.method == "HEAD") request.body = "";
    ASSERT_OK(client_.Call(request).status) << method;
    EXPECT_EQ(space_.Requests().back()["method"], method);
    EXPECT_EQ(space_.Requests().back()["body"], request.body);
  }
}

TEST_F(HttpClientTest, OfARefusedConnectionNothingWasSent) {
  const crash::ReservedPort port;  // Nobody listens there.
  const HttpResult result = client_.Call({.url = absl::StrCat("http://127.0.0.1:", port.number(), "/")});
  EXPECT_THAT(result.status, StatusIs(Code::kUnavailable, ""));
  EXPECT_FALSE(result.request_may_have_arrived);
  EXPECT_EQ(result.response.status, 0);
}

TEST_F(HttpClientTest, ARequestThatIsNeverAnsweredMayHaveArrived) {
  const HttpResult result = CallBriefly("fault=stall");
  EXPECT_THAT(result.status, StatusIs(Code::kDeadlineExceeded, ""));
  EXPECT_TRUE(result.request_may_have_arrived);
  EXPECT_EQ(result.response.status, 0);
  EXPECT_THAT(space_.Requests(), SizeIs(1));
}

TEST_F(HttpClientTest, AConnectionThatIsResetAfterTheRequestMayHaveBroughtIt) {
  const HttpResult result = Call("fault=reset");
  EXPECT_THAT(result.status, StatusIs(Code::kUnavailable, ""));
  EXPECT_TRUE(result.request_may_have_arrived);
  EXPECT_EQ(result.response.status, 0);
}

TEST_F(HttpClientTest, ARequestThatBreaksOffWithinItsBodyMayHaveArrived) {
  HttpRequest request = Request("fault=unread");
  request.body = std::string(16 << 20, 'x');
  const HttpResult result = client_.Call(request);
  EXPECT_THAT(result.status, StatusIs(Code::kUnavailable, ""));
  EXPECT_TRUE(result.request_may_have_arrived);
}

TEST_F(HttpClientTest, AnAnswerThatBreaksOffKeepsItsStatus) {
  for (const char* fault : {"fault=middle", "fault=truncate"}) {
    const HttpResult result = Call(fault);
    EXPECT_THAT(result.status, StatusIs(Code::kUnavailable, "")) << fault;
    EXPECT_TRUE(result.request_may_have_arrived);
    EXPECT_EQ(result.response.status, 200);
    EXPECT_THAT(result.response.body, AllOf(HasSubstr("{\"method\""), Not(HasSubstr("connection"))));
  }
}

TEST_F(HttpClientTest, AnErrorOfTheServerIsAnAnswer) {
  const HttpResult result = Call("status=429,header-retry-after=7");
  ASSERT_OK(result.status);
  EXPECT_EQ(result.response.status, 429);
  EXPECT_EQ(result.response.Header("retry-after"), "7");
}

TEST_F(HttpClientTest, DoesNotFollowRedirects) {
  const HttpResult result = Call("status=307,header-location=%2Fecho");
  ASSERT_OK(result.status);
  EXPECT_EQ(result.response.status, 307);
  EXPECT_THAT(space_.Requests(), SizeIs(1));
}

TEST_F(HttpClientTest, StopsReadingAnAnswerThatIsTooLarge) {
  for (const char* fault : {"fault=oversized", "fault=headers"}) {
    HttpRequest request = Request(fault);
    request.max_response_bytes = 64 << 10;
    const HttpResult result = client_.Call(request);
    EXPECT_THAT(result.status, StatusIs(Code::kResourceExhausted, "too large")) << fault;
    EXPECT_TRUE(result.request_may_have_arrived);
    EXPECT_EQ(result.response.status, 200);
    EXPECT_LE(result.response.body.size(), request.max_response_bytes);
  }
}

TEST_F(HttpClientTest, ReadsChunksAndSkipsInterimAnswers) {
  for (const char* fault : {"fault=chunked", "fault=interim"}) {
    const HttpResult result = Call(fault);
    ASSERT_OK(result.status) << fault;
    EXPECT_EQ(result.response.status, 200);
    EXPECT_EQ(json::parse(result.response.body)["body"], "hello");
    EXPECT_EQ(result.response.Header("x-interim"), "");
  }
}

TEST_F(HttpClientTest, ADrippingAnswerRunsIntoTheTimeout) {
  const HttpResult result = CallBriefly("fault=drip");
  EXPECT_THAT(result.status, StatusIs(Code::kDeadlineExceeded, ""));
  EXPECT_TRUE(result.request_may_have_arrived);
  EXPECT_EQ(result.response.status, 200);
  EXPECT_THAT(result.response.body, AllOf(HasSubstr("xx"), SizeIs(::testing::Lt(100))));
}

TEST_F(HttpClientTest, KeepsConnections) {
  for (int i = 0; i < 5; ++i) ASSERT_OK(Call("").status);
  EXPECT_EQ(Connections(), 1);
}

TEST_F(HttpClientTest, ReplacesAConnectionThatTheServerHasClosed) {
  ASSERT_OK(Call("fault=close").status);
  space_.AwaitClosed(space_.Requests()[0]["connection"].get<int>());
  EXPECT_OK(Call("").status);
  EXPECT_EQ(Connections(), 2);
}

// curl sends again what it sent over a kept connection that then broke without an answer.
TEST_F(HttpClientTest, DoesNotSendTwiceWhereAKeptConnectionBreaks) {
  ASSERT_OK(Call("").status);
  const HttpResult result = Call("fault=reset", "/once");
  EXPECT_THAT(result.status, StatusIs(Code::kUnavailable, "broke after the request was sent"));
  EXPECT_TRUE(result.request_may_have_arrived);
  const json requests = space_.Requests();
  ASSERT_THAT(requests, SizeIs(2));
  EXPECT_EQ(requests[0]["connection"], requests[1]["connection"]);
}

TEST_F(HttpClientTest, RefusesRequestsThatAreMalformed) {
  const auto refuses = [&](const HttpRequest& request, absl::string_view text) {
    const HttpResult result = client_.Call(request);
    EXPECT_THAT(result.status, StatusIs(Code::kInvalidArgument, std::string(text)));
    EXPECT_FALSE(result.request_may_have_arrived);
  };
  HttpRequest request = Request();
  request.headers = {{"X-Name", "Ann\r\nX-Admin: yes"}};
  refuses(request, "headers[X-Name]: has a control character");
  request.headers = {{"X-Name: x\r\nX-Admin", "yes"}};
  refuses(request, "headers: a name is not a token");
  request = Request();
  request.url = "file:///etc/passwd";
  refuses(request, "url");
  request.url = space_.Url("", "/a b");
  refuses(request, "url");
  request.url = "http://:99999/";
  refuses(request, "url");
  request = Request();
  request.method = "GET /admin HTTP/1.1\r\n";
  refuses(request, "method");
  request.method = "GET";
  refuses(request, "body");
  request = Request();
  request.timeout = absl::ZeroDuration();
  refuses(request, "timeout: 0 is not above 0");
  request = Request();
  request.connect_timeout = absl::ZeroDuration();
  refuses(request, "connect_timeout: 0 is not above 0");
  EXPECT_THAT(space_.Requests(), SizeIs(0));
}

TEST_F(HttpClientTest, IgnoresTheProxyOfTheEnvironment) {
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  const HttpResult result = Call("");
  unsetenv("http_proxy");
  EXPECT_OK(result.status);
}

TEST_F(HttpClientTest, ChecksTheServersCertificate) {
  const TempDir folder;
  std::ofstream(folder.File("cert.pem")) << contract::CertificatePem();
  std::ofstream(folder.File("key.pem")) << contract::KeyPem();
  contract::HttpServer server({"--cert", folder.File("cert.pem"), "--key", folder.File("key.pem")});
  const HttpRequest request = {.url = absl::StrCat("https://127.0.0.1:", server.port(), "/echo")};
  const HttpResult untrusted = client_.Call(request);
  EXPECT_THAT(untrusted.status, StatusIs(Code::kFailedPrecondition, ""));
  EXPECT_FALSE(untrusted.request_may_have_arrived);
  HttpClient trusting({.ca_file = folder.File("cert.pem")});
  EXPECT_OK(trusting.Call(request).status);
  HttpRequest other_name = request;
  other_name.url = absl::StrCat("https://localhost:", server.port(), "/echo");
  EXPECT_THAT(trusting.Call(other_name).status, StatusIs(Code::kFailedPrecondition, ""));
}

TEST_F(HttpClientTest, CallsManyAtOnceAndAnswersInOrder) {
  std::vector<HttpRequest> requests;
  for (int i = 0; i < 60; ++i) requests.push_back(Request("", absl::StrCat("/echo/", i)));
  requests[20].url = Request("status=503").url;
  requests[30].url = "no url";
  for (int round = 0; round < 2; ++round) {
    const std::vector<HttpResult> results = client_.CallAll(requests, 4);
    ASSERT_THAT(results, SizeIs(60));
    for (int i = 0; i < 60; ++i) {
      if (i == 20 || i == 30) continue;
      ASSERT_OK(results[i].status) << i;
      EXPECT_EQ(json::parse(results[i].response.body)["path"], absl::StrCat("/echo/", i));
    }
    EXPECT_EQ(results[20].response.status, 503);
    EXPECT_THAT(results[30].status, StatusIs(Code::kInvalidArgument, "url"));
    EXPECT_LE(Connections(), 4);
  }
  EXPECT_THAT(client_.CallAll({}, 4), SizeIs(0));
}

TEST_F(HttpClientTest, GivesUpAfterFailuresInARow) {
  const crash::ReservedPort port;
  const HttpRequest refused = {.url = absl::StrCat("http://127.0.0.1:", port.number(), "/")};
  std::vector<HttpRequest> requests(50, refused);
  const std::vector<HttpResult> results = client_.CallAll(requests, 4, /*give_up_after=*/4);
  EXPECT_GE(std::count_if(results.begin(), results.end(),
                          [](const HttpResult& result) { return result.status.code() == Code::kAborted; }),
            43);
  for (const HttpResult& result : results) EXPECT_FALSE(result.request_may_have_arrived);
  // An answer in between breaks the row.
  for (int i = 0; i < 50; i += 2) requests[i] = Request();
  for (const HttpResult& result : client_.CallAll(requests, 1, /*give_up_after=*/2)) {
    EXPECT_NE(result.status.code(), Code::kAborted);
  }
}

TEST_F(HttpClientTest, SeveralThreadsShareOne) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 10; ++i) {
        const std::string path = absl::StrCat("/echo/", t, "/", i);
        const HttpResult result = client_.Call(Request("", path));
        ASSERT_OK(result.status);
        EXPECT_EQ(json::parse(result.response.body)["path"], path);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(Connections(), 4);
}

}  // namespace
}  // namespace campaign
