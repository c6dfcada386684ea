# Keeps the tagger in SLR @SLR@ of @PART@, for an out-of-context implementation.
create_pblock pblock_@TOP@
resize_pblock [get_pblocks pblock_@TOP@] -add {SLR@SLR@}
add_cells_to_pblock [get_pblocks pblock_@TOP@] -top
# In a design that holds the tagger as an instance, instead of the line above:
# add_cells_to_pblock [get_pblocks pblock_@TOP@] [get_cells -hierarchical -filter {REF_NAME == @TOP@ || ORIG_REF_NAME == @TOP@}]
