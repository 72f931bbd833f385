#include "services/generator/model_writing.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"

namespace campaign::generator {
namespace {

// Below it no model has anything to say, and the question may be charged.
constexpr absl::Duration kShortestQuestion = absl::Milliseconds(100);

// The money of one request. Thread-safe.
class Purse {
 public:
  explicit Purse(int64_t micros) : left_(micros) {}

  // Takes `bound` out. Waits while what others will give back could be enough; false: it is not.
  bool Take(int64_t bound) {
    absl::MutexLock lock(&mutex_);
    const auto settled = [&] { return Has(bound) || takers_ == 0; };
    mutex_.Await(absl::Condition(&settled));
    if (!Has(bound)) return false;
    left_ -= bound;
    ++takers_;
    return true;
  }

  // Gives back what was taken and not spent.
  void Settle(int64_t bound, int64_t cost) {
    absl::MutexLock lock(&mutex_);
    const int64_t spent = std::clamp<int64_t>(cost, 0, bound);
    left_ += bound - spent;
    spent_ += spent;
    --takers_;
  }

  int64_t spent() {
    absl::MutexLock lock(&mutex_);
    return spent_;
  }

 private:
  // A question that costs nothing needs a budget all the same: 0 asks for the templates.
  bool Has(int64_t bound) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return left_ > 0 && bound <= left_; }

  absl::Mutex mutex_;
  int64_t left_ ABSL_GUARDED_BY(mutex_);
  int64_t spent_ ABSL_GUARDED_BY(mutex_) = 0;
  int takers_ ABSL_GUARDED_BY(mutex_) = 0;
};

bool IsNoAnswer(const ModelFailure& failure) {
  const absl::string_view code = failure.code;
  return code == kModelUnavailable || code == kModelDeadline;
}

}  // namespace

void NoteModelFailure(const ModelFailure& failure, v1::Message& message) {
  v1::Reason& note = *message.add_notes();
  note.set_code(failure.code);
  note.set_text(absl::StrCat("written by the template, for the language model could not be used: ", failure.text));
}

class ModelWriting::Job {
 public:
  Job(const v1::GenerateRequest& request, std::shared_ptr<const MessageWriter> writer, absl::Time deadline,
      v1::GenerateResponse& response, std::function<void()> done)
      : request_(request),
        writer_(std::move(writer)),
        deadline_(deadline),
        response_(response),
        done_(std::move(done)),
        purse_(request.text_model_budget_micros()) {
    for (int i = 0; i < request.items_size(); ++i) {
      if (response.results(i).has_message() && writer_->WantedFor(request.items(i)).any()) items_.push_back(i);
    }
    unfinished_ = items_.size();
  }

  bool empty() const { return items_.empty(); }
  void Finish() const { done_(); }

  // Under the lock of the writing that it belongs to. `is_last`: there is none after it.
  int TakeItem(bool& is_last) {
    const int item = items_[next_++];
    is_last = next_ == items_.size();
    return item;
  }

  // One item, from beginning to end; after the last one, all is done.
  void Write(int item, TextModel& model, const std::string& name, const Clock& clock, bool stopped) {
    v1::GenerateItemResult& result = *response_.mutable_results(item);
    const absl::optional<ModelFailure> failure = TryToWrite(item, model, name, clock.Now(), stopped, result);
    if (failure.has_value()) NoteModelFailure(*failure, *result.mutable_message());
    if (--unfinished_ > 0) return;
    response_.set_text_model_spent_micros(purse_.spent());
    done_();
  }

 private:
  absl::optional<ModelFailure> TryToWrite(int index, TextModel& model, const std::string& name, absl::Time now,
                                          bool stopped, v1::GenerateItemResult& result) {
    if (stopped) return ModelFailure{kModelUnavailable, "the service is stopping"};
    if (no_answers_ >= kModelGiveUpAfter) {
      return ModelFailure{kModelUnavailable,
                          absl::StrCat("not asked, as ", kModelGiveUpAfter, " questions had no answer")};
    }
    const absl::Duration timeout = std::min(writer_->brief().deadline(), deadline_ - now);
    if (timeout < kShortestQuestion) return ModelFailure{kModelDeadline, "its turn did not come in time"};
    const v1::GenerateItem& item = request_.items(index);
    const WantedTexts wanted = writer_->WantedFor(item);
    const ModelPrompt prompt = writer_->brief().PromptFor(wanted, result.message(), item);
    const int64_t bound = model.CostBound(prompt);
    if (!purse_.Take(bound)) return ModelFailure{kModelBudget, "the campaign's money for it is used up"};
    const ModelAnswer answer = model.Ask(prompt, timeout);
    purse_.Settle(bound, answer.cost_micros);
    if (answer.failure.has_value()) {
      no_answers_ = IsNoAnswer(*answer.failure) ? no_answers_ + 1 : 0;
      return answer.failure;
    }
    no_answers_ = 0;
    return Use(answer, wanted, item, name, result);
  }

  // Into the message, if they can be.
  absl::optional<ModelFailure> Use(const ModelAnswer& answer, const WantedTexts& wanted, const v1::GenerateItem& item,
                                   const std::string& name, v1::GenerateItemResult& result) const {
    std::string nonsense = writer_->brief().FindNonsense(answer.texts, wanted, result.message(), item);
    if (!nonsense.empty()) return ModelFailure{kModelNonsense, std::move(nonsense)};
    v1::GenerateItemResult rewritten;
    writer_->Write(item, rewritten, &answer.texts);
    // Too long for the channel, above all.
    if (rewritten.has_error()) return ModelFailure{kModelNonsense, rewritten.error().message()};
    rewritten.mutable_message()->set_model(absl::StrCat(name, "@", answer.version));
    *result.mutable_message() = rewritten.message();
    return absl::nullopt;
  }

  const v1::GenerateRequest& request_;
  const std::shared_ptr<const MessageWriter> writer_;
  const absl::Time deadline_;
  v1::GenerateResponse& response_;
  const std::function<void()> done_;
  Purse purse_;
  // Of the request, those to ask about.
  std::vector<int> items_;
  size_t next_ = 0;
  std::atomic<size_t> unfinished_{0};
  // Questions without an answer since the last one with one.
  std::atomic<int> no_answers_{0};
};

ModelWriting::ModelWriting(std::unique_ptr<TextModel> model, std::string name, int max_parallel, const Clock& clock)
    : model_(std::move(model)), name_(std::move(name)), clock_(clock) {
  for (int i = 0; i < max_parallel; ++i) threads_.emplace_back([this] { Work(); });
}

ModelWriting::~ModelWriting() {
  {
    absl::MutexLock lock(&mutex_);
    stopped_ = ended_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

void ModelWriting::Rewrite(const v1::GenerateRequest& request, std::shared_ptr<const MessageWriter> writer,
                           absl::Time deadline, v1::GenerateResponse& response, std::function<void()> done) {
  auto job = std::make_shared<Job>(request, std::move(writer), deadline, response, std::move(done));
  if (job->empty()) return job->Finish();
  absl::MutexLock lock(&mutex_);
  jobs_.push_back(std::move(job));
}

void ModelWriting::Stop() {
  absl::MutexLock lock(&mutex_);
  stopped_ = true;
}

void ModelWriting::Work() {
  while (true) {
    std::shared_ptr<Job> job;
    int item = 0;
    bool stopped = false;
    {
      absl::MutexLock lock(&mutex_);
      const auto has_work = [this] { return ended_ || !jobs_.empty(); };
      mutex_.Await(absl::Condition(&has_work));
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
      bool is_last = false;
      item = job->TakeItem(is_last);
      if (!is_last) jobs_.push_back(job);
      stopped = stopped_;
    }
    job->Write(item, *model_, name_, clock_, stopped);
  }
}

}  // namespace campaign::generator
