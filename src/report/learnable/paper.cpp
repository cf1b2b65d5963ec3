#include <limits>

#include "report/learnable/learnable.h"
#include "report/text.h"

namespace obscura::report {
namespace {

struct Published {
  const char* subject;
  const char* key;
  double accuracy;
};

/// Rows of the paper that are of the same kind as ours.
constexpr Published kPublished[] = {
    {"color-neuracrypt", "plain", 0.9910},
    {"color-neuracrypt", "color-neuracrypt", 0.9620},
    {"color-neuracrypt", "neuracrypt", 0.7060},
    {"color-neuracrypt", "neuracrypt-positions", 0.7060},
    {"color-neuracrypt", "etc", 0.8909},
    {"color-neuracrypt", "ele", 0.8306},
    {"color-neuracrypt", "plain-shakedrop", 0.9670},
    {"color-neuracrypt", "mnist-plain", 0.9971},
    {"color-neuracrypt", "mnist-neuracrypt", 0.9793},
};

Table er_cnn_table() {
  return {"The report's own results",
          {"what", "network", "accuracy", "where it says so"},
          "llrl",
          {{"dataset 1 (10 classes, 32x32), hill 4x4, without adaptation", "ConvNeXt-Base, ImageNet weights, 20 epochs",
            "84.25 %", "section 4.2 and conclusion: best validation accuracy"},
           {"dataset 2 (50 classes of ImageNet, 224x224), hill 8x8", "ConvNeXt-Base, ImageNet weights, 20 epochs",
            "96.04 %", "section 4.2"},
           {"the same", "the same", "94.28 %", "conclusion"},
           {"dataset 2 with adaptation, in rounds", "ConvNeXt-Base, ImageNet weights", "96.72 %", "conclusion"},
           {"100 classes of ImageNet, hill 16x16, adaptation in rounds",
            "ResNet-50, trained by the authors on 600 other classes", "56.60 %", "section 5.3.1"},
           {"that network on plain pictures of its 600 classes", "ResNet-50, 20 epochs", "57.46 %", "section 5.3.1"},
           {"classes of ImageNet-21k, adaptation, two rounds", "ConvNeXt-Base, ImageNet weights", "52.31 %",
            "section 5.3.2"},
           {"kernels of 2, 4 and 8 on dataset 1", "ResNet-50, ImageNet weights", kNothing,
            "figure 4-5: 4 is best; no numbers in the text"},
           {"quality of what the adaptation reveals", "", kNothing, "figures 5-2 to 5-10: by eye only"}},
          {}};
}

Table color_table() {
  return {
      "The paper's Table 1",
      {"Encryption", "Classifier", "Image size", "MNIST", "CIFAR-10"},
      "lllrr",
      {{"EtC", "AdaptNet+ShakeDrop", "32x32", kNothing, "89.09 %"},
       {"ELE", "AdaptNet+ShakeDrop", "32x32", kNothing, "83.06 %"},
       {"NeuraCrypt", "ViT-B_16", "224x224", "97.93 %", "70.60 %"},
       {"Color-NeuraCrypt (proposed)", "ViT-B_16", "224x224", kNothing, "96.20 %"},
       {"Plain", "ShakeDrop", "32x32", kNothing, "96.70 %"},
       {"Plain", "ViT-B_16", "224x224", "99.71 %", "99.10 %"}},
      {"The text says that its ViT-B_16 was pretrained with the ImageNet-21k data set. MNIST is printed as MINST."}};
}

std::vector<std::string> er_cnn_remarks() {
  return {
      "Best accuracy on dataset 2: 96.04 % in section 4.2, but 94.28 %, raised to 96.72 % by adaptation and rounds, in "
      "the conclusion.",
      "Dataset 2 is a part of ImageNet, on which its networks were trained beforehand, in the open: the authors say so "
      "themselves. With other classes they reach 56.60 % and 52.31 %.",
      "There is no test set apart: the validation set chooses the best epoch and is what is reported.",
      "The number of filters is given as 224/8 x 224/8 x 3 = 192. That product is 2,352; 192 is 8 x 8 x 3, the rows of "
      "three keys.",
      "The published program gives the adaptation's convolution a padding of one pixel, so that its windows do not lie "
      "on the blocks of the cipher: an exact inverse is then out of reach. The row hill-4-padding has it, all others "
      "do not.",
      "The published program leaves its networks in evaluation mode after the first epoch, so that batch norms do not "
      "learn from then on. Ours do not.",
      "\"Adaptation layers play a negative role on dataset 1\" was found with both of these; the rows hill-4 and "
      "hill-4-adapt test it without.",
  };
}

std::vector<std::string> color_remarks() {
  return {
      "The paper says that NeuraCrypt \"cannot be directly applied to a standard pre-trained ViT\": its patches are no "
      "picture, so that neither the patch embedding nor positions can be taken over. Its 70.60 % are then those of a "
      "network that starts from less than the 96.20 % do, and the pretraining is the likely reason of the 25 points "
      "between them. The rows with and without own pretraining test that.",
      "NeuraCrypt on colour pictures was measured with a network that is trained on pictures in their order; its "
      "patches come shuffled anew in every image, and the text does not say whether position embeddings were kept. "
      "Row neuracrypt has none, as NeuraCrypt's own network; row neuracrypt-positions has them.",
      "The width of the layers is not printed; for 16x16 patches of three colours only 768 outputs fit the shape. Nor "
      "is it said how pictures are normalised before.",
      "CIFAR-10 is said to have images of 1 x 28 x 28; it has 3 x 32 x 32.",
      "EtC, ELE and plain ShakeDrop are other papers' networks at another size of image; the table sets them beside "
      "a vision transformer trained on ImageNet-21k beforehand.",
      "The published program of EtC overwrites colours that it has still to read, so that its pictures lose one; "
      "89.09 % may be of such pictures.",
      "NeuraCrypt's published program normalises by the statistics of each batch, also when it is used: an image's "
      "protected form then depends on the images beside it. Here statistics are part of the key.",
      "Learning rates are given as a range (0.03 to 0.1), and no result has a seed or a spread.",
  };
}

}  // namespace

double published_accuracy(const std::string& subject, const std::string& key) {
  for (const Published& p : kPublished) {
    if (subject == p.subject && key == p.key) return p.accuracy;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

Table published_table(const std::string& subject) {
  return subject == "er-cnn" ? er_cnn_table() : color_table();
}

std::string published_caveat(const std::string& subject) {
  if (subject == "er-cnn") {
    return "Not comparable with ours: its networks had been trained on ImageNet before, are a thousand times as large, "
           "and its data are not published. Ours start from nothing, or from own pretraining on other pictures; what "
           "can be compared is plain against protected within one table. train --recipe er-cnn gives its schedule, "
           "with a network such as convnext-base and "
           "--pretrained.";
  }
  return "Not comparable with ours: its vision transformer is nearly two hundred times as large and had been trained "
         "on "
         "ImageNet-21k before. Ours start from nothing, or from own pretraining on half of the pictures; what can be "
         "compared is plain against protected within one table. train --recipe color-neuracrypt (also neuracrypt and "
         "ele) gives its schedule, with vit-b16 and "
         "--pretrained.";
}

std::vector<std::string> published_remarks(const std::string& subject) {
  return subject == "er-cnn" ? er_cnn_remarks() : color_remarks();
}

std::string published_citation(const std::string& subject) {
  if (subject == "er-cnn") {
    return "T. Zhang and S. Wu, \"Encryption-Robust CNN Model for Privacy-preserving Deep Learning\", CAS771 project "
           "report, McMaster University, 2023";
  }
  return "Z. Qi, A. MaungMaung and H. Kiya, \"Color-NeuraCrypt: Privacy-Preserving Color-Image Classification Using "
         "Extended Random Neural Networks\", Tokyo Metropolitan University";
}

}  // namespace obscura::report
