#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/http_client.h"
#include "nlohmann/json.hpp"
#include "tests/crash/process.h"

namespace campaign::contract {

// http_server.py as a process: says there what it does. It ends with this object.
class HttpServer {
 public:
  // `arguments` are those of the script. Ready when this returns.
  explicit HttpServer(const std::vector<std::string>& arguments = {});

  int port() const { return port_; }

 private:
  std::unique_ptr<crash::Process> process_;
  int port_ = 0;
};

// One for all tests of a binary that need no arguments.
HttpServer& SharedServer();

// What one test asks of a server, apart from what others do.
class Space {
 public:
  explicit Space(HttpServer& server) : server_(server), name_("t" + std::to_string(next_++)) {}

  // `words` say how the server misbehaves, as http_server.py has it ("fault=reset"); `path` begins with a slash.
  std::string Url(absl::string_view words, absl::string_view path) const;
  // What the server was asked, in order: method, path, headers, body, connection.
  nlohmann::json Requests() const { return List("/_requests"); }
  // What its providers accepted.
  nlohmann::json Sent() const { return List("/_sent"); }
  // Returns once the server has closed a connection.
  void AwaitClosed(int connection) const;

 private:
  nlohmann::json List(absl::string_view path) const;

  static inline std::atomic<int> next_ = 1;
  HttpServer& server_;
  const std::string name_;
};

}  // namespace campaign::contract
