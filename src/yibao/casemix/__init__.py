"""病例组合 (case mix): puts every inpatient case into a group and gives the group its weight.

`yibao.casemix.dip` groups by DIP, `yibao.casemix.drg` by DRG. May import kernel, standard, law, engine and catalogue;
no sibling room. Sources: DIP 技术规范 and its 2.0 practice and 3.0 draft, as set out in the regimes of
``packs/national``; for DRG the scheme's own tables.
"""
