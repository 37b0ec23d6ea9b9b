setlocal commentstring=#\ %s comments=b:##,b:# expandtab shiftwidth=2 softtabstop=2
