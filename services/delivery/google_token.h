#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/http_client.h"
#include "services/delivery/http_outcome.h"

namespace campaign::delivery {

struct KeyDeleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

// Who asks Google for a token.
struct ServiceAccount {
  std::string client_email;
  std::string private_key_id;
  std::unique_ptr<EVP_PKEY, KeyDeleter> private_key;
  std::string token_uri;
  std::string project_id;
};

// From the JSON of a service account's file. INVALID_ARGUMENT: it is none; the key is never repeated.
absl::StatusOr<ServiceAccount> ParseServiceAccount(absl::string_view json);

// `claims` as a JSON Web Token signed with RS256 (RFC 7519, RFC 7518 section 3.3).
std::string SignJwt(const ServiceAccount& account, absl::string_view claims);

// An access token for a service account (OAuth 2.0 with a JWT, RFC 7523), kept until a minute before it expires.
// Thread-safe: several who need one at once wait for one call.
class GoogleToken {
 public:
  // `scope` is what the token is for. `client` must outlive it.
  GoogleToken(ServiceAccount account, absl::string_view scope, const HttpSenderOptions& options, HttpClient& client);

  // UNAVAILABLE: Google could not be asked. PERMISSION_DENIED: it gave none.
  absl::StatusOr<std::string> Get(absl::Time now);

  // Not to be given out again; another that came meanwhile stays.
  void Forget(absl::string_view token);

 private:
  absl::Status Fetch(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const ServiceAccount account_;
  const std::string scope_;
  const HttpSenderOptions options_;
  HttpClient& client_;
  absl::Mutex mutex_;
  std::string token_ ABSL_GUARDED_BY(mutex_);
  absl::Time expire_time_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace campaign::delivery
