au BufRead,BufNewFile *.anynet setfiletype anynet
