#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

namespace campaign {

// A client channel to "host:port". Round robin over the name's addresses; calls that fail UNAVAILABLE before the server
// saw them are tried up to 3 times. Messages of up to 64 MiB.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target);

}  // namespace campaign
