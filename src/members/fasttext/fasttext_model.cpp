#include "members/fasttext/fasttext_model.h"

#include <fasttext/fasttext.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <sstream>

#include "members/fasttext/fasttext_files.h"
#include "quire/base/error.h"
#include "quire/base/files.h"

namespace quire {
namespace {

using Clock = std::chrono::steady_clock;

// What the library adds to every probability before it takes the logarithm (std_log in its loss.cc).
constexpr double kLogOffset = 1e-5;
// Below every probability: with 0 the hierarchical softmax leaves out what is less likely than 1e-5.
constexpr float kNoThreshold = -1;

fasttext::loss_name loss_of(const std::string& name) {
  if (name == "hs") return fasttext::loss_name::hs;
  if (name == "ns") return fasttext::loss_name::ns;
  if (name == "ova") return fasttext::loss_name::ova;
  return fasttext::loss_name::softmax;
}

// As `fasttext supervised` sets them for the same options.
fasttext::Args arguments(const FasttextOptions& options, const FasttextModel::Training& training,
                         std::uint64_t seed) {
  const bool has_ngrams = options.word_ngrams > 1 || options.max_char_ngram > 0;
  fasttext::Args args;
  args.model = fasttext::model_name::sup;
  args.input = training.file.string();
  args.pretrainedVectors = options.pretrained_vectors;
  args.loss = loss_of(options.loss);
  args.lr = options.learning_rate;
  args.dim = static_cast<int>(options.dim);
  args.epoch = static_cast<int>(options.epochs);
  args.wordNgrams = static_cast<int>(options.word_ngrams);
  args.minn = static_cast<int>(options.min_char_ngram);
  args.maxn = static_cast<int>(options.max_char_ngram);
  args.minCount = static_cast<int>(options.min_count);
  args.bucket = has_ngrams ? static_cast<int>(options.bucket) : 0;
  args.thread = training.threads;
  // An int to the library, which adds the number of the thread.
  args.seed = static_cast<int>(seed % (std::uint64_t{1} << 30));
  args.verbose = 0;  // it prints otherwise
  return args;
}

// Called by the library's threads between documents: reports, and ends the training where asked to.
class Watch {
 public:
  Watch(fasttext::FastText& model, const FasttextOptions& options, const FasttextModel::Training& training,
        const Context& context)
      : model_(model), options_(options), training_(training), context_(context) {}

  void operator()(float progress, double words_per_second, double learning_rate, std::int64_t seconds_left) {
    const std::scoped_lock lock(mutex_);
    const auto now = Clock::now();
    if (aborted_ || now < next_) return;
    next_ = now + std::chrono::milliseconds(100);
    if (context_.stop_requested() != 0 || (training_.deadline && now > *training_.deadline)) {
      aborted_ = true;
      model_.abort();
      return;
    }
    const double epochs = static_cast<double>(options_.epochs) * static_cast<double>(progress);
    context_.progress(
        {.stage = training_.stage,
         .done = static_cast<std::int64_t>(1000 * progress),
         .total = 1000,
         .detail = fmt::format("epoch {:.1f}/{}  lr {:.3g}  {:.0f} words/s", epochs, options_.epochs,
                               learning_rate, words_per_second * training_.threads),
         .seconds_left = progress > 0 ? static_cast<double>(seconds_left) : -1});
  }

 private:
  fasttext::FastText& model_;
  const FasttextOptions& options_;
  const FasttextModel::Training& training_;
  const Context& context_;
  std::mutex mutex_;
  Clock::time_point next_;
  bool aborted_ = false;
};

[[noreturn]] void throw_overflow(double learning_rate) {
  throw InputError(
      fmt::format("fastText's training ran into numbers that are not finite at learning rate {:g}",
                  learning_rate),
      "try a smaller learning rate");
}

[[noreturn]] void throw_no_memory(const FasttextOptions& options) {
  throw Error(fmt::format("not enough memory for a fastText model of {} buckets times {} numbers",
                          options.bucket, options.dim),
              "try a smaller bucket or dim");
}

}  // namespace

FasttextModel::FasttextModel(std::unique_ptr<fasttext::FastText> model) : model_(std::move(model)) {
  read_labels("the model just trained");
}
FasttextModel::~FasttextModel() = default;
FasttextModel::FasttextModel(FasttextModel&&) noexcept = default;
FasttextModel& FasttextModel::operator=(FasttextModel&&) noexcept = default;

std::optional<FasttextModel> FasttextModel::train(const FasttextOptions& options, const Training& training,
                                                  const Context& context) {
  context.check_stop();
  auto model = std::make_unique<fasttext::FastText>();
  Watch watch(*model, options, training, context);
  try {
    model->train(arguments(options, training, context.seed),
                 [&watch](float progress, float, double words_per_second, double learning_rate,
                          std::int64_t seconds_left) {
                   watch(progress, words_per_second, learning_rate, seconds_left);
                 });
  } catch (const fasttext::FastText::AbortError&) {
    context.check_stop();
    return {};
  } catch (const fasttext::DenseMatrix::EncounteredNaNError&) {
    throw_overflow(options.learning_rate);
  } catch (const std::bad_alloc&) {
    throw_no_memory(options);
  } catch (const std::exception& error) {
    throw Error(fmt::format("fastText's library failed: {}", error.what()));
  }
  return FasttextModel(std::move(model));
}

FasttextModel::FasttextModel(const std::filesystem::path& file) {
  check_model_file(file);
  model_ = std::make_unique<fasttext::FastText>();
  try {
    model_->loadModel(file.string());
  } catch (const std::bad_alloc&) {
    throw Error(fmt::format("not enough memory for the fastText model in '{}'", file.string()));
  } catch (const std::exception& error) {
    throw InputError(fmt::format("fastText's library cannot load '{}': {}", file.string(), error.what()));
  }
  read_labels(file.string());
}

void FasttextModel::read_labels(std::string_view origin) {
  const auto dictionary = model_->getDictionary();
  for (std::int32_t i = 0; i < dictionary->nlabels(); ++i) {
    const std::string label = dictionary->getLabel(i);
    classes_.push_back(class_of_label(label));
    if (classes_.back() >= 0) continue;
    throw InputError(fmt::format("{} has the label '{}'", origin, label),
                     "quire names a model's labels __label__0, __label__1 and so on, after the lines of "
                     "labels.txt");
  }
}

void FasttextModel::save(const std::filesystem::path& file) const {
  AtomicFile target(file);
  try {
    // The library opens it once more, by its name.
    model_->saveModel(target.place().string());
    check_model_file(target.place());
  } catch (const std::exception&) {
    throw Error(fmt::format("cannot write '{}'", file.string()), "is the disk full?");
  }
  target.commit();
}

int FasttextModel::classes() const {
  return classes_.empty() ? 0 : 1 + *std::max_element(classes_.begin(), classes_.end());
}

void FasttextModel::predict(std::string_view text, std::span<float> row) const {
  std::ranges::fill(row, 0.0F);
  // A line ends in a word of its own, so that even an empty text has one.
  std::istringstream in(std::string(text) + "\n");
  std::vector<std::int32_t> words, labels;
  model_->getDictionary()->getLine(in, words, labels);
  fasttext::Predictions predictions;
  model_->predict(static_cast<std::int32_t>(classes_.size()), words, predictions, kNoThreshold);

  // The hierarchical softmax adds the offset to the factors of a probability instead.
  const double offset = model_->getArgs().loss == fasttext::loss_name::hs ? 0 : kLogOffset;
  std::vector<double> values(classes_.size());
  double sum = 0;
  for (const auto& [logarithm, label] : predictions) {
    double& value = values[static_cast<std::size_t>(label)];
    value = std::max(0.0, std::exp(static_cast<double>(logarithm)) - offset);
    sum += value;
  }
  const double equal = 1.0 / static_cast<double>(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    row[static_cast<std::size_t>(classes_[i])] = static_cast<float>(sum > 0 ? values[i] / sum : equal);
  }
}

}  // namespace quire
