" Written by editors/generate.py (`make generate`); not to be edited.
if exists("b:current_syntax")
  finish
endif

syn keyword anynetKeyword and anynet because block body else extends from head if import in net not or prefer recipe require space stage stages stem step study waive
syn keyword anynetOperation activated_head avgpool avgpool_to basic bn bottleneck concat conv conv_head drop_path dropout flatten gap gelu hardsigmoid hardswish layer_scale layernorm linear linear_head maxpool patch_stem plain relu relu6 resnet_stem resnext resnext_linear shuffle sigmoid silu simple_stem split squeeze_excite vanilla when
syn keyword anynetFunction choice first increasing last log_uniform max min multiple nondecreasing normal round shared sum uniform
syn keyword anynetWord adam adamw auto bf16 cifar10 cifar100 color_jitter constant cos cosine crop cutmix cutout digits fashion_mnist flip fp32 image_folder lamb linear mixup multi_step npz one_cycle pycls quantized_linear randaugment resized_crop rmsprop safetensors sgd step torchvision
syn keyword anynetBoolean false true
syn match anynetOperator /->\|\.\.\|\/\/\|[-+*\/%=~<>!]/
syn match anynetNumber /\<\d\+\(x\d\+\)*\(\.\d\+\)\?\([eE][+-]\?\d\+\)\?[KMGT]\?\>/
syn match anynetKey /\<\h\w*\ze\s*\(=\|\~\)/
syn match anynetString /"[^"]*"/
syn match anynetComment /#.*$/ contains=@Spell
syn match anynetDoc /##.*$/ contains=@Spell

hi def link anynetKeyword Keyword
hi def link anynetOperation Function
hi def link anynetFunction Function
hi def link anynetWord Constant
hi def link anynetBoolean Boolean
hi def link anynetKey Identifier
hi def link anynetNumber Number
hi def link anynetString String
hi def link anynetComment Comment
hi def link anynetDoc SpecialComment
hi def link anynetOperator Operator

let b:current_syntax = "anynet"
