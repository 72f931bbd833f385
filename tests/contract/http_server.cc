#include "tests/contract/http_server.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

namespace campaign::contract {
namespace {

// A client of its own: the connections of the one that is tested are counted.
nlohmann::json Ask(int port, absl::string_view path) {
  static HttpClient client;
  const HttpResult result = client.Call({.method = "GET",
                                         .url = absl::StrCat("http://127.0.0.1:", port, path),
                                         .timeout = crash::kPatience,
                                         .max_response_bytes = 64 << 20});
  EXPECT_TRUE(result.status.ok()) << result.status;
  return nlohmann::json::parse(result.response.body, nullptr, /*allow_exceptions=*/false);
}

}  // namespace

HttpServer::HttpServer(const std::vector<std::string>& arguments) {
  std::vector<std::string> all = {"python3", HTTP_SERVER_SCRIPT};
  all.insert(all.end(), arguments.begin(), arguments.end());
  process_ = crash::Process::Start("/usr/bin/env", all);
  EXPECT_TRUE(process_->WaitForOutput("\n")) << process_->output();
  const std::vector<std::string> words = absl::StrSplit(process_->output(), absl::ByAnyChar(" \n"));
  EXPECT_TRUE(words.size() >= 2 && words[0] == "ready" && absl::SimpleAtoi(words[1], &port_)) << process_->output();
}

HttpServer& SharedServer() {
  static HttpServer server;
  return server;
}

std::string Space::Url(absl::string_view words, absl::string_view path) const {
  return absl::StrCat("http://127.0.0.1:", server_.port(), "/in=", name_, words.empty() ? "" : ",", words, path);
}

void Space::AwaitClosed(int connection) const { Ask(server_.port(), absl::StrCat("/_closed?connection=", connection)); }

nlohmann::json Space::List(absl::string_view path) const {
  return Ask(server_.port(), absl::StrCat(path, "?in=", name_));
}

}  // namespace campaign::contract
